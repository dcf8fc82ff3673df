"""Training runs: the same in every framework, with their files, figures and pictures."""

import json
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from common.contract import network_contract
from common.data import load_dataset
from common.drawing.pictures import REACH, _draw_points, save_samples
from common.parity.measure import Disagreement, require_named
from common.quality.evaluation import headline
from common.systems import find_system
from common.training import pictures
from common.training.checkpoint import read_checkpoint
from common.training.checkpoint_files import save
from common.training.options import average_decay, steps_of_epochs
from parity_tests.fixtures import build, reduced
from parity_tests.running import metrics_of, run_of, trained

SETTINGS = {"lsgan_mlp": [], "dcgan_mnist": [], "lsgan_jittor": ["image_size=32"]}
# One system for each schedule.
SCHEDULES = {
    "dcgan_mnist": "digits",
    "lsgan_keras": "digits",
    "lsgan_pytorch": "digits",
    "wgan": "photos",
    "wgan_gp_toy": "8gaussians",
    "gan_moments": "gaussian",
}
# Biases in front of a batch norm, and the means behind them: rounding noise moves them.
ZEROS = {
    "lsgan_keras": ("project.bias", "conv.bias", "running_mean"),
    "lsgan_pytorch": ("generator.block1.conv.bias", "generator.block2.conv.bias", "running_mean"),
}
PICTURES = {"wgan_gp_toy": "8gaussians", "gan_moments": "gaussian", "wgan_gp": "digits"}
FIGURES = {
    "lsgan_mlp": ("digits", {"sliced_wasserstein", "frechet_digits", "digits_covered"}),
    "wgan_gp": ("digits", {"sliced_wasserstein", "frechet_digits", "digits_covered"}),
    "wgan_gp_toy": ("25gaussians", {"sliced_wasserstein", "modes_covered", "high_quality"}),
    "gan_moments": ("gaussian", {"wasserstein", "mean_error", "deviation_error"}),
}


@pytest.mark.parametrize("system", SETTINGS)
def test_a_run_writes_all_its_files(tmp_path, backend_name, system) -> None:
    run = run_of(tmp_path, system, steps=3, settings=SETTINGS[system], sample_every=1)
    checkpoint = trained(run, backend_name)
    assert checkpoint.step == 3
    assert [entry["step"] for entry in metrics_of(run)] == [1, 2, 3]
    assert all(np.isfinite([e["loss_d"], e["loss_g"]]).all() for e in metrics_of(run))
    with Image.open(tmp_path / "samples" / "step-000003.png") as grid:
        assert min(grid.size) >= 5 * run.system.networks.image_size
        assert np.asarray(grid).std() > 0
        size = grid.size
    with Image.open(tmp_path / "training.gif") as animation:
        assert animation.n_frames == 3
        assert animation.size == size
    with Image.open(tmp_path / "losses.png") as plot:
        assert plot.size[0] > 100
    config = json.loads((tmp_path / "config.json").read_text())
    (segment,) = config["segments"]
    assert segment["backend"] == backend_name
    assert config["system"]["name"] == system
    names = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if "events" not in p.name}
    assert names == {
        "config.json",
        "metrics.jsonl",
        "samples",
        *(f"samples/step-00000{step}.png" for step in (1, 2, 3)),
        "losses.png",
        "training.gif",
        "tensorboard",
        "checkpoint.safetensors",
        "checkpoints",
        "checkpoints/step-000002.safetensors",
        "checkpoints/step-000003.safetensors",
    }


@pytest.mark.parametrize(("system", "data"), PICTURES.items())
def test_points_and_unit_pixels_are_drawn(tmp_path, system, data) -> None:
    trained(run_of(tmp_path, system, steps=1, data=data), "torch")
    with Image.open(tmp_path / "samples" / "step-000001.png") as picture:
        assert np.asarray(picture.convert("L")).std() > 0


@pytest.mark.parametrize(
    ("system", "data"), [("wgan_gp_toy", "swissroll"), ("gan_moments", "gaussian")]
)
def test_points_and_numbers_are_drawn_over_real_ones(tmp_path, monkeypatch, system, data) -> None:
    run, behind = run_of(tmp_path, system, steps=1, data=data), []
    monkeypatch.setattr(pictures, "save_samples", lambda *arguments: behind.append(arguments[-1]))
    trained(run, "torch")
    points = load_dataset(data, run.system, run.seed)
    assert len(behind[0]) == pictures.POINTS
    everything = {tuple(point) for point in points.samples(range(points.size))}
    assert {tuple(point) for point in behind[0]} <= everything


def test_real_points_are_drawn_behind_in_grey(monkeypatch, tmp_path) -> None:
    real, generated = np.full((9, 2), 1.0), np.full((9, 2), -1.0)
    kept = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: kept.append(figure.axes[0]))
    save_samples(tmp_path / "points.png", generated, find_system("wgan_gp_toy"), real)
    behind, before = kept[0].collections
    assert np.array_equal(behind.get_offsets(), real)
    assert np.array_equal(before.get_offsets(), generated)
    red, green, blue, _ = behind.get_facecolor()[0]
    assert red == green == blue != before.get_facecolor()[0][0]


@pytest.mark.parametrize("behind", [True, False])
def test_no_point_of_the_data_lies_outside_the_picture(behind) -> None:
    system = find_system("wgan_gp_toy")
    roll = load_dataset("swissroll", system, 0).samples(range(pictures.POINTS))
    axes = Figure().add_subplot()
    _draw_points(axes, {"real": roll, "generated": roll} if behind else {"generated": roll})
    assert np.abs(roll).max() > REACH
    assert min(-axes.get_xlim()[0], axes.get_xlim()[1], axes.get_ylim()[1]) > np.abs(roll).max()


def test_tensorboard_reads_what_the_metrics_say(tmp_path) -> None:
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.record_writer import masked_crc32c

    run = run_of(tmp_path, steps=2)
    trained(run, "torch")
    (file,) = (tmp_path / "tensorboard").iterdir()
    content, read = file.read_bytes(), {}
    while content:
        length = int.from_bytes(content[:8], "little")
        body, checksum = content[12 : 12 + length], content[12 + length : 16 + length]
        assert int.from_bytes(checksum, "little") == masked_crc32c(body)
        content = content[16 + length :]
        event = Event.FromString(body)
        read |= {(event.step, v.tag): v.simple_value for v in event.summary.value}
    for entry in metrics_of(run):
        for name in ("loss_d", "loss_g"):
            assert read[entry["step"], name] == np.float32(entry[name])


def test_critics_report_penalty_and_estimate(tmp_path, backend_name) -> None:
    run = run_of(tmp_path, "wgan_gp_toy", steps=2, data="25gaussians")
    trained(run, backend_name)
    for entry in metrics_of(run):
        assert {"penalty", "wasserstein_estimate"} <= set(entry)
        # Not the other way round: penalty − loss would cancel most of its digits.
        total = np.array(entry["penalty"] - entry["wasserstein_estimate"])
        require_named(np.array(entry["loss_d"]), total, "closed_form", "loss")


@pytest.mark.parametrize(("system", "data"), SCHEDULES.items())
def test_every_framework_trains_alike(tmp_path, backends, system, data) -> None:
    runs = {n: run_of(tmp_path / n, system, steps=5, data=data, ema_decay=0.5) for n in backends}
    checkpoints = {name: trained(run, name) for name, run in runs.items()}
    reference = checkpoints[backends[0]]
    assert any(key.startswith("ema.") for key in reference.tensors)
    for name in backends[1:]:
        for entry, expected in zip(
            metrics_of(runs[name]), metrics_of(runs[backends[0]]), strict=True
        ):
            assert set(entry) == set(expected)
            for key in expected:
                require_named(entry[key], expected[key], "trajectory", f"{name} {key}")
        for key, array in reference.tensors.items():
            if not any(zero in key for zero in ZEROS.get(system, ())):
                actual = checkpoints[name].tensors[key]
                require_named(actual, array, "trajectory", f"{name} {key}")


def test_the_average_follows_its_formula(backend) -> None:
    case = reduced("dcgan_mnist")
    gan, other = build(backend, case), build(backend, case, seed=1)
    average = backend.sampling.start_average(gan)
    contract = network_contract(case.system, "generator")
    first = backend.interop.read_network(gan.generator, contract)
    second = backend.interop.read_network(other.generator, contract)
    for decay in (0.75, 0.5):
        backend.sampling.update_average(average, other.generator, decay=decay)
    averaged = backend.interop.read_network(average, contract)
    for name, array in averaged.items():
        expected = 0.375 * first[name] + 0.625 * second[name]
        require_named(array, expected, "closed_form", name)
    # The generator that it was copied from stands still.
    for name, array in backend.interop.read_network(gan.generator, contract).items():
        assert np.array_equal(array, first[name]), name
    changed = [name for name in averaged if not np.array_equal(first[name], second[name])]
    with pytest.raises(Disagreement):
        require_named(averaged[changed[0]], second[changed[0]], "closed_form", "control")


def test_the_average_warms_up() -> None:
    assert average_decay(0.999, 1) == 2 / 11
    assert average_decay(0.999, 10**6) == 0.999
    assert average_decay(0.1, 5) == 0.1


@pytest.mark.parametrize(("system", "expected"), FIGURES.items())
def test_evaluations_have_the_figures_of_the_data(tmp_path, system, expected) -> None:
    data, names = expected
    run = run_of(tmp_path, system, steps=3, data=data, evaluate_every=2, save_every=100)
    trained(run, "torch")
    entries = metrics_of(run)
    assert [entry["step"] for entry in entries if names <= set(entry)] == [2, 3]
    assert run.best_path.exists()


def test_the_best_checkpoint_is_the_one_with_the_best_evaluation(tmp_path) -> None:
    run = run_of(tmp_path, steps=12, evaluate_every=2, save_every=2, keep=1)
    trained(run, "torch")
    scored = [(headline(e)[1], e["step"]) for e in metrics_of(run) if "frechet_digits" in e]
    assert len(scored) == 6
    assert read_checkpoint(run.best_path).step == min(scored)[1]
    assert [p.name for p in run.checkpoint_folder.iterdir()] == ["step-000012.safetensors"]


def test_the_newest_checkpoints_stay_beyond_a_million_steps(tmp_path) -> None:
    run = run_of(tmp_path, steps=1, keep=2)
    trained(run, "torch")
    checkpoint = read_checkpoint(run.checkpoint_path)
    for step in (999_998, 999_999, 1_000_000):
        save(run, replace(checkpoint, step=step), "torch")
    names = {path.name for path in run.checkpoint_folder.iterdir()}
    assert names == {"step-999999.safetensors", "step-1000000.safetensors"}


def test_epochs_are_counted_in_the_discriminator_s_samples() -> None:
    toy, wgan = reduced("lsgan_mlp").system, reduced("wgan").system
    assert steps_of_epochs(toy, 10 * toy.batch_size + 1, 3) == 30
    # three updates in the first step, two in every later one
    assert steps_of_epochs(wgan, 11 * wgan.batch_size, 1) == 5
