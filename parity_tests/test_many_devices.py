"""One batch over two devices: who averages the gradients, whose statistics batch norm takes.

Each framework's engine alone, without the ports, in a process of its own, on two replicas of this
machine's CPU.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from parity_tests.differing import apart, close

SCRIPTS = Path(__file__).parent / "many_devices"
BATCH = np.random.default_rng(0).standard_normal((8, 3))
HALVES = np.split(BATCH, 2)


@pytest.fixture(autouse=True)
def needs(request, need) -> None:
    """The framework is wanted; only the script's own process imports it."""
    if marker := request.node.get_closest_marker("pins"):
        need(*marker.args)


def two_devices() -> dict[str, str]:
    """The environment of a script, which makes both its devices of the CPU on every machine."""
    # The flags and the cache of these tests are for one device.
    kept = {k: text for k, text in os.environ.items() if not k.startswith(("JAX_", "XLA_"))}
    cpu = {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}
    return {**kept, **cpu, "GLOO_SOCKET_IFNAME": "lo", "KERAS_BACKEND": "tensorflow"}


def run(script: str, folder: Path) -> None:
    """The script in a fresh process, beside `batch.npy`; it leaves its results there too."""
    np.save(folder / "batch.npy", BATCH)
    done = subprocess.run(
        [sys.executable, SCRIPTS / f"{script}.py"],
        cwd=folder,
        env=two_devices(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def gradient_at(weight: np.ndarray, points: np.ndarray = BATCH) -> np.ndarray:
    """Of the mean of (points · weight)²; the weight is a column."""
    return 2 * points.T @ (points @ weight) / len(points)


def normalised(points: np.ndarray) -> np.ndarray:
    return (points - points.mean(0)) / np.sqrt(points.var(0) + 1e-5)


BY_HALVES = np.concatenate([normalised(half) for half in HALVES])


@pytest.mark.pins("torch")
def test_pytorch_averages_gradients_and_normalises_each_half(tmp_path) -> None:
    run("in_pytorch", tmp_path)
    ranks = [np.load(tmp_path / f"results{rank}.npz") for rank in (0, 1)]
    for results, half in zip(ranks, HALVES, strict=True):
        close(results["weight"], ranks[0]["weight"], what="weight")
        close(results["gradient"].T, 5 * gradient_at(results["weight"].T), what="gradient")
        close(
            results["own_gradient"].T,
            gradient_at(results["weight"].T, half),
            what="gradient of a half",
        )
    apart(ranks[0]["own_gradient"], ranks[1]["own_gradient"])
    together = np.concatenate([rank["normalised"] for rank in ranks])
    close(together, BY_HALVES, what="normalised")
    apart(together, normalised(BATCH))
    first, second = (half.mean(0) for half in HALVES)
    close(ranks[1]["running_mean"], 0.09 * first + 0.1 * second, what="running mean")


@pytest.mark.pins("tf")
def test_mirrored_strategy_leaves_averaging_to_the_loss(tmp_path) -> None:
    run("in_tensorflow", tmp_path)
    results = np.load(tmp_path / "results.npz")
    expected = gradient_at(results["weight"])
    close(results["gradient"], expected, what="gradient")
    close(results["update"], 2 * expected, what="update by a Keras optimiser")
    close(results["normalised"], BY_HALVES, what="normalised")
    apart(results["normalised"], normalised(BATCH))
    close(results["synchronised"], normalised(BATCH), what="synchronised")
    for mean, half in zip(results["moving_means"], HALVES, strict=True):
        close(mean, 0.01 * half.mean(0), what="moving mean of one replica")
    close(results["moving_mean"], results["moving_means"][0], what="moving mean as it is read")


@pytest.mark.pins("jax")
def test_jax_computes_on_the_whole_batch_wherever_it_lies(tmp_path) -> None:
    run("in_jax", tmp_path)
    results = np.load(tmp_path / "results.npz")
    assert results["rows"].tolist() == [4, 4]
    expected = gradient_at(results["weight"])
    close(results["gradient"], expected, what="gradient")
    close(results["normalised"], normalised(BATCH), what="normalised")
    apart(results["normalised"], BY_HALVES)
    close(results["summed"], 2 * expected, what="gradient within shard_map")
    close(results["apart"], BY_HALVES, what="normalised within shard_map")
    close(results["synchronised"], normalised(BATCH), what="normalised by means over the mesh")


def test_both_devices_are_the_cpu_s_on_a_machine_with_a_card(monkeypatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setenv("JAX_PLATFORMS", "cuda")
    monkeypatch.setenv("XLA_FLAGS", "--xla_backend_optimization_level=1")
    variables = two_devices()
    assert variables["CUDA_VISIBLE_DEVICES"] == ""
    assert variables["JAX_PLATFORMS"] == "cpu"
    assert "XLA_FLAGS" not in variables
