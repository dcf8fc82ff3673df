"""`rosetta bench`: its timing, the plain loops and its report."""

import json
from itertools import count
from time import sleep
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from common.backends import load
from common.bench import measurement, timing
from common.bench.timing import time_in_turns
from common.cli import benching
from common.cli.application import app
from common.data import load_dataset
from common.data.batches import step_inputs
from common.processes import child
from parity_tests.fixtures import reduced
from parity_tests.test_command_line import rosetta

# One system for every way in which plain loops differ: the order of updates, the optimiser, batch
# norm, clipping, the gradient penalty, spectral norm, dropout.
SYSTEMS = ("lsgan_keras", "wgan", "wgan_gp_toy", "sngan")


class Clock:
    """A clock that advances only by work, and the order of that work."""

    def __init__(self, monkeypatch) -> None:
        self.now, self.worked = 0.0, []
        monkeypatch.setattr(timing, "perf_counter", lambda: self.now)

    def work(self, name: str, seconds: float):
        def step(number: int) -> None:
            self.now += seconds
            self.worked.append(name)

        return step


def test_both_are_timed_alternately(monkeypatch) -> None:
    clock = Clock(monkeypatch)
    ours, plain = clock.work("ours", 2.0), clock.work("plain", 1.0)
    times = time_in_turns(ours, plain, pairs=3, seconds=1.0)
    assert times.ratios == (2.0, 2.0, 2.0)
    assert clock.worked[-6:] == ["ours", "plain", "plain", "ours", "ours", "plain"]
    assert times.ours == (2.0, 2.0, 2.0)


def test_a_block_lasts_the_requested_time(monkeypatch) -> None:
    clock = Clock(monkeypatch)
    times = time_in_turns(clock.work("a", 0.25), clock.work("b", 0.125), pairs=2, seconds=2.0)
    assert clock.worked[-16:] == ["b"] * 8 + ["a"] * 8
    assert times.ours == (0.25, 0.25)


def test_deferred_work_counts_for_the_step_that_deferred_it(monkeypatch) -> None:
    clock, debts = Clock(monkeypatch), []

    def wait() -> None:
        while debts:
            clock.now += debts.pop()

    times = time_in_turns(
        clock.work("ours", 1.0), lambda _: debts.append(1.0), pairs=3, seconds=2.0, wait=wait
    )
    assert times.ours == times.plain == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("late", ["first", "every"])
def test_the_data_share_excludes_the_wait_for_the_first_batch(monkeypatch, late) -> None:
    def step_inputs(*_, first_step: int, last_step: int, **__):
        for number in range(first_step, last_step + 1):
            sleep(0.2 if number == first_step else 0.05 if late == "every" else 0.0)
            yield number

    def training_step(gan, number):
        sleep(0.01)
        return {"loss_g": number}

    monkeypatch.setattr(measurement, "step_inputs", step_inputs)
    port = SimpleNamespace(
        schedule=SimpleNamespace(training_step=training_step),
        interop=SimpleNamespace(to_canonical=float),
    )
    share = measurement._data_share(port, None, None, None, steps=1)
    assert share < 0.1 if late == "first" else share > 0.5


def test_a_machine_that_slows_down_does_not_change_the_ratio(monkeypatch) -> None:
    clock, pieces = Clock(monkeypatch), count(1)

    def slower(number: int) -> None:
        clock.now += 1.0 + next(pieces) // 8

    times = time_in_turns(slower, slower, pairs=9, seconds=1.0)
    assert max(times.ours) > 2 * min(times.ours)
    assert times.ratios[1] == 1.0


@pytest.mark.parametrize("framework", ["torch", "tf", "jax", "jittor"])
@pytest.mark.parametrize("system_name", SYSTEMS)
def test_plain_loops_train(need, framework, system_name) -> None:
    need(framework)
    backend = load(framework, device="cpu", dtype="float32", exact=True)
    system = reduced(system_name).system
    dataset = load_dataset("8gaussians" if system.point_dim else "noise", system, 0)
    arrays = next(step_inputs(system, dataset, 0, first_step=27, last_step=27))
    step = backend.plain.plain_step(system)
    losses = [float(backend.interop.to_canonical(step(arrays))) for _ in range(3)]
    assert np.isfinite(losses).all()
    assert len(set(losses)) == 3


def test_the_command_reports_its_measurements(need, tmp_path) -> None:
    need("torch")
    file, page = tmp_path / "speed.json", tmp_path / "speed.md"
    for out in (file, page):
        answer = rosetta("bench", "gan_moments", "--backends", "torch", "--quick", "--out", out)
        assert answer.returncode == 0, answer.stderr
    (result,) = json.loads(file.read_text())["results"]
    assert result["batch_size"] == 16
    assert 0 < result["ratio_low"] <= result["ratio"] <= result["ratio_high"]
    assert result["images_per_second"] > 0
    assert result["peak_memory_mb"] > 50  # NumPy and a framework alone are more
    assert 0 <= result["data_share"] < 1
    assert "| `gan_moments` | PyTorch | 16 |" in page.read_text()
    assert "gan_moments" in answer.stdout


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo out of memory >&2; exit 3", "out of memory"),
        ("exit 3", "exit status 3"),
        ("exec sleep 60", "hung"),
    ],
)
def test_a_crash_and_a_hang_are_reported(tmp_path, monkeypatch, script, message) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    monkeypatch.setattr(child.sys, "executable", str(python))
    monkeypatch.setattr(benching, "TIMEOUT", 0.5)
    answer = CliRunner().invoke(app, ["bench", "gan_moments", "--backends", "torch"])
    assert answer.exit_code == 1
    assert f"gan_moments in PyTorch: {message}" in answer.stdout
