"""Training runs: the same data everywhere, files as promised, resumable in any framework."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from common.backends import load
from common.batches import batches
from common.catalogue import find_system
from common.checkpoint import read_checkpoint
from common.datasets import DATASETS, load_dataset
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


def run_of(tmp_path, system="lsgan_mlp", steps=4, dtype="float64", **changes) -> Run:
    row = apply_settings(reduced(system).system, [*SETTINGS[system], "batch_size=8"])
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


def test_every_framework_trains_alike(tmp_path, backends) -> None:
    runs = {name: run_of(tmp_path / name, "dcgan_mnist", steps=5) for name in backends}
    checkpoints = {name: trained(run, name) for name, run in runs.items()}
    reference = checkpoints[backends[0]]
    for name in backends[1:]:
        for entry, truth in zip(metrics_of(runs[name]), metrics_of(runs[backends[0]]), strict=True):
            for key in ("loss_d", "loss_g"):
                require_named(entry[key], truth[key], "trajectory", f"{name} {key}")
        for key, array in reference.tensors.items():
            require_named(checkpoints[name].tensors[key], array, "trajectory", f"{name} {key}")


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
    found = data.images([0, 1, data.size - 1])
    assert found.shape == (3, channels, 48, 48)
    assert found.dtype == np.float32
    assert found.min() >= -1
    assert found.max() <= 1
    assert found.std() > 0.1
    assert np.array_equal(found, load_dataset(name, system, seed=0).images([0, 1, data.size - 1]))


def test_batches_start_anywhere() -> None:
    system = apply_settings(reduced("dcgan_mnist").system, ["batch_size=600"])
    data = load_dataset("digits", system, 0)
    whole = list(batches(system, data, 0, first_step=1, last_step=4))
    later = list(batches(system, data, 0, first_step=3, last_step=4))
    for ours, theirs in zip(whole[2:], later, strict=True):
        assert ours.step == theirs.step
        assert np.array_equal(ours.real, theirs.real)
        assert np.array_equal(ours.discriminator_noise, theirs.discriminator_noise)
    assert not np.array_equal(whole[0].real, whole[2].real)


def test_noise_is_reused_where_the_source_reuses_it() -> None:
    for name, same in (("dcgan_mnist", True), ("lsgan_jittor", False)):
        system = apply_settings(reduced(name).system, ["batch_size=8"])
        data = load_dataset("noise", system, 0)
        batch = next(batches(system, data, 0, first_step=1, last_step=1))
        assert np.array_equal(batch.discriminator_noise, batch.generator_noise) == same
