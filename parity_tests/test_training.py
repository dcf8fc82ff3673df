"""Training runs: the same data everywhere, files as promised, resumable in any framework."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from common.backends import load
from common.batches import rounds
from common.bounds import NAMED
from common.catalogue import find_system
from common.checkpoint import read_checkpoint
from common.datasets import DATASETS, Dataset, load_dataset
from common.errors import UsageError
from common.measure import require_named
from common.settings import apply_settings
from common.tensors import write_tensors
from common.training import Run, resume, start, train
from parity_tests.fixtures import reduced

SETTINGS = {
    "lsgan_mlp": [],
    "dcgan_mnist": [],
    "lsgan_jittor": ["image_size=32"],
}
# One row for each way of playing a step.
RULES = {
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


def run_of(tmp_path, system="lsgan_mlp", steps=4, dtype="float64", **changes) -> Run:
    row = apply_settings(reduced(system).system, [*SETTINGS.get(system, []), "batch_size=8"])
    about = {"data": "digits", "seed": 0, "sample_every": 100, "save_every": 2, **changes}
    return Run(
        system=replace(row, **about.pop("row", {})), steps=steps, out=tmp_path, dtype=dtype, **about
    )


def trained(run: Run, name: str, resuming: bool = False):
    backend = load(name, device="cpu", dtype=run.dtype, exact=True)
    gan, first_step = (resume if resuming else start)(run, backend)
    train(run, backend, gan, first_step)
    return read_checkpoint(run.checkpoint_path)


def metrics_of(run: Run) -> list[dict]:
    return [json.loads(line) for line in run.metrics_path.read_text().splitlines()]


@pytest.mark.parametrize("system", SETTINGS)
def test_a_run_leaves_everything_it_promises(tmp_path, backend_name, system) -> None:
    run = run_of(tmp_path, system, steps=3)
    checkpoint = trained(run, backend_name)
    assert checkpoint.step == 3
    assert [entry["step"] for entry in metrics_of(run)] == [1, 2, 3]
    assert all(np.isfinite([e["loss_d"], e["loss_g"]]).all() for e in metrics_of(run))
    with Image.open(tmp_path / "samples" / "step-000003.png") as grid:
        assert min(grid.size) >= 5 * run.system.image_size
        assert np.asarray(grid).std() > 0
    with Image.open(tmp_path / "losses.png") as plot:
        assert plot.size[0] > 100
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["backend"] == backend_name
    assert config["system"]["name"] == system
    assert {path.name for path in tmp_path.iterdir()} == {
        "config.json",
        "metrics.jsonl",
        "samples",
        "losses.png",
        "checkpoint.safetensors",
    }


@pytest.mark.parametrize(("system", "data"), PICTURES.items())
def test_points_and_unit_pixels_are_drawn(tmp_path, system, data) -> None:
    run = run_of(tmp_path, system, steps=1, data=data)
    trained(run, "torch")
    with Image.open(tmp_path / "samples" / "step-000001.png") as picture:
        assert np.asarray(picture.convert("L")).std() > 0


def test_critics_report_what_they_estimate(tmp_path, backend_name) -> None:
    run = run_of(tmp_path, "wgan_gp_toy", steps=2, data="25gaussians")
    trained(run, backend_name)
    for entry in metrics_of(run):
        assert {"penalty", "wasserstein_estimate"} <= set(entry)
        # Not the other way round: penalty − loss would cancel most of its digits.
        total = np.array(entry["penalty"] - entry["wasserstein_estimate"])
        require_named(np.array(entry["loss_d"]), total, "closed_form", "loss")


@pytest.mark.parametrize(("system", "data"), RULES.items())
def test_every_framework_trains_alike(tmp_path, backends, system, data) -> None:
    runs = {name: run_of(tmp_path / name, system, steps=5, data=data) for name in backends}
    checkpoints = {name: trained(run, name) for name, run in runs.items()}
    reference = checkpoints[backends[0]]
    for name in backends[1:]:
        for entry, truth in zip(metrics_of(runs[name]), metrics_of(runs[backends[0]]), strict=True):
            assert set(entry) == set(truth)
            for key in truth:
                require_named(entry[key], truth[key], "trajectory", f"{name} {key}")
        for key, array in reference.tensors.items():
            if not any(zero in key for zero in ZEROS.get(system, ())):
                found = checkpoints[name].tensors[key]
                require_named(found, array, "trajectory", f"{name} {key}")


def test_resuming_continues_bit_equal(tmp_path, backend_name) -> None:
    straight = run_of(tmp_path / "straight", steps=4)
    whole = trained(straight, backend_name)
    halves = run_of(tmp_path / "halves", steps=2)
    trained(halves, backend_name)
    joined = trained(replace(halves, steps=4), backend_name, resuming=True)
    assert metrics_of(halves) == metrics_of(straight)
    assert set(joined.tensors) == set(whole.tensors)
    assert [
        k for k in whole.tensors if not np.array_equal(whole.tensors[k], joined.tensors[k])
    ] == []


def test_a_run_goes_on_in_the_next_framework(tmp_path, backends) -> None:
    whole = trained(run_of(tmp_path / "whole", steps=2 * len(backends)), backends[0])
    relay = run_of(tmp_path / "relay", steps=2)
    for leg, name in enumerate(backends, start=1):
        last = trained(replace(relay, steps=2 * leg), name, resuming=leg > 1)
    for key, array in whole.tensors.items():
        require_named(last.tensors[key], array, "trajectory", key)


def test_a_finished_folder_is_not_overwritten(tmp_path) -> None:
    run = run_of(tmp_path, steps=1)
    trained(run, "torch")
    before = run.checkpoint_path.read_bytes()
    with pytest.raises(UsageError, match="already holds a run; add --resume"):
        trained(run, "torch")
    assert run.checkpoint_path.read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seed": 1}, "seed=0, not 1"),
        ({"data": "noise"}, "data=digits, not noise"),
        ({"dtype": "float32"}, "dtype=float64, not float32"),
        ({"row": {"learning_rate": 0.5}}, "learning_rate=0.0003, not 0.5"),
    ],
)
def test_resuming_with_other_options_is_refused(tmp_path, changes, words) -> None:
    trained(run_of(tmp_path, steps=1), "torch")
    with pytest.raises(UsageError, match=words):
        trained(run_of(tmp_path, steps=2, **changes), "torch", resuming=True)


def test_a_damaged_checkpoint_is_refused(tmp_path) -> None:
    run = run_of(tmp_path, steps=1)
    trained(run, "torch")
    content = run.checkpoint_path.read_bytes()
    run.checkpoint_path.write_bytes(content[: len(content) // 2])
    with pytest.raises(UsageError, match="not a readable safetensors file"):
        trained(replace(run, steps=2), "torch", resuming=True)
    write_tensors(run.checkpoint_path, {"something": np.ones(2)})
    with pytest.raises(UsageError, match="not a checkpoint"):
        trained(replace(run, steps=2), "torch", resuming=True)


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_checkpoint(tmp_path) -> None:
    run = run_of(tmp_path, steps=2, row={"learning_rate": 1e30})
    with pytest.raises(UsageError, match=r"(is (nan|inf)|holds a NaN or an infinity) at step"):
        trained(replace(run, steps=50, save_every=1000), "torch")
    assert not run.checkpoint_path.exists()


@pytest.mark.parametrize("name", DATASETS)
@pytest.mark.parametrize("channels", [1, 3])
def test_data_sets_fit_the_row(name, channels) -> None:
    system = apply_settings(find_system("lsgan_jittor"), [f"channels={channels}", "image_size=48"])
    data = load_dataset(name, system, seed=0)
    found = data.samples([0, 1, data.size - 1])
    assert found.shape == (3, channels, 48, 48)
    assert found.dtype == np.float32
    assert found.min() >= -1
    assert found.max() <= 1
    assert found.std() > 0.1
    assert np.array_equal(found, load_dataset(name, system, seed=0).samples([0, 1, data.size - 1]))


@pytest.mark.parametrize("name", ["8gaussians", "25gaussians", "swissroll"])
def test_points_lie_where_the_toy_has_them(name) -> None:
    data = load_dataset(name, find_system("wgan_gp_toy"), seed=0)
    points = data.samples(range(2000))
    assert points.shape == (2000, 2)
    assert np.abs(points).max() < 2.5
    if name == "8gaussians":
        radius = np.linalg.norm(points, axis=1)
        assert abs(radius.mean() - np.sqrt(2)) < NAMED["sampling"]


def test_a_data_set_of_another_kind_is_refused() -> None:
    with pytest.raises(UsageError, match="8gaussians, 25gaussians, swissroll, noise"):
        load_dataset("digits", find_system("wgan_gp_toy"), 0)
    with pytest.raises(UsageError, match="digits, photos, noise"):
        load_dataset("swissroll", find_system("sngan"), 0)


@pytest.mark.parametrize("name", ["digits", "photos", "noise"])
def test_pixels_lie_in_the_range_that_the_generator_emits(name) -> None:
    found = load_dataset(name, find_system("wgan_gp"), 0).samples([0, 5])
    assert found.min() >= 0
    assert found.max() <= 1


@pytest.mark.parametrize("system", ["dcgan_mnist", "wgan_gp"])
def test_rounds_start_anywhere(system) -> None:
    row = apply_settings(reduced(system).system, ["batch_size=300"])
    data = load_dataset("digits", row, 0)
    whole = list(rounds(row, data, 0, first_step=1, last_step=4))
    later = list(rounds(row, data, 0, first_step=3, last_step=4))
    for ours, theirs in zip(whole[2:], later, strict=True):
        assert ours.step == theirs.step
        for draw, other in zip(ours.discriminator, theirs.discriminator, strict=True):
            assert np.array_equal(draw.real, other.real)
            assert np.array_equal(draw.noise, other.noise)
    reals = [draw.real for found in whole for draw in found.discriminator]
    assert not np.array_equal(reals[0], reals[2])


def test_an_epoch_visits_every_sample_once() -> None:
    row = apply_settings(reduced("wgan_gp").system, ["batch_size=599"])
    data = load_dataset("digits", row, 0)
    index = Dataset("index", data.size, lambda i: np.float32([i]))
    found = rounds(row, index, 0, first_step=1, last_step=2)
    visited = np.concatenate([d.real[:, 0] for r in found for d in r.discriminator])[:1797]
    assert sorted(visited) == list(range(1797))
