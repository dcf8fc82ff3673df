"""Runs that are stopped, killed, out of room or out of the finite numbers lose nothing saved."""

import json
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from common import ROOT, UsageError
from common.streams import generator_at
from common.training.checkpoint import read_checkpoint
from common.training.interrupts import Interrupts, Stopped
from parity_tests.fixtures import interruptible
from parity_tests.running import metrics_of, run_of, trained

KILLS = 20
STEPS = 400
ARGUMENTS = [
    *("train", "torch", "lsgan_mlp", "--batch-size", "8", "--steps", str(STEPS)),
    *("--save-every", "2", "--sample-every", "50", "--ema-decay", "0.9", "--dtype", "float64"),
    *("--generator-features", "32", "--discriminator-features", "24"),
]


def train_command(out: str, resuming: bool) -> None:
    """What `rosetta train` runs, in a process that has imported its libraries already."""
    os.environ["OMP_NUM_THREADS"] = "1"
    # Nobody reads the progress bar of a run that is killed.
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    sys.argv = ["rosetta", *ARGUMENTS, "--out", out, *(["--resume"] if resuming else [])]
    from common.cli import main

    main()


@pytest.fixture(scope="module")
def command():
    """Starts `rosetta train` as a process of its own, without the seconds that imports take."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["common.cli.running", "torch_impl.train", "sklearn.datasets"])

    def start(out: Path, *, resuming: bool = False):
        process = context.Process(target=train_command, args=(str(out), resuming))
        process.start()
        return process

    return start


@pytest.fixture(scope="module")
def uninterrupted(command, tmp_path_factory):
    """The last checkpoint of a run without interruption."""
    out = tmp_path_factory.mktemp("uninterrupted") / "run"
    process = command(out)
    process.join()
    assert process.exitcode == 0
    return read_checkpoint(out / "checkpoint.safetensors")


def step_of(path: Path) -> int:
    """The step of a checkpoint that another process may be about to replace."""
    return read_checkpoint(path).step if path.exists() else -1


def test_kill_9_at_twenty_random_moments_changes_nothing(command, uninterrupted, tmp_path) -> None:
    out, moments, reached = tmp_path / "run", generator_at(0, "kills"), [-1]
    newest = out / "checkpoint.safetensors"
    for kill in range(KILLS):
        process = command(out, resuming=newest.exists())
        # Every other one while the run begins; the rest once it has saved something.
        while kill % 2 and process.is_alive() and step_of(newest) <= reached[-1]:
            time.sleep(0.002)
        process.join(float(moments.uniform(0.0, 0.2)))
        assert process.is_alive(), "the run ended before it was killed"
        process.kill()
        process.join()
        reached.append(step_of(newest))
    assert reached == sorted(reached)
    assert len(set(reached)) > KILLS // 2
    process = command(out, resuming=True)
    process.join()
    assert process.exitcode == 0
    resumed = read_checkpoint(out / "checkpoint.safetensors")
    assert resumed.step == uninterrupted.step == STEPS
    for name, array in uninterrupted.tensors.items():
        assert np.array_equal(array, resumed.tensors[name]), name
    entries = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in entries] == list(range(1, STEPS + 1))
    assert not list(out.rglob(".*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_stops(tmp_path, number) -> None:
    out = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-m", "common", *ARGUMENTS[:3], "--steps", "100000", "--batch-size", "8",
         "--save-every", "1000000", "--out", str(out)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    metrics = out / "metrics.jsonl"
    while not (metrics.exists() and metrics.read_text().count("\n") > 3):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    process.send_signal(number)
    printed, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "Traceback" not in errors
    assert "saved; continue with --resume" in printed
    step = read_checkpoint(out / "checkpoint.safetensors").step
    assert step > 3
    assert metrics.read_text().count("\n") == step


def test_a_second_signal_interrupts_at_once() -> None:
    with interruptible():
        with Interrupts() as interrupts:
            signal.raise_signal(signal.SIGINT)
            assert interrupts.received == signal.SIGINT
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_of_several_processes_none_stops_at_a_second_signal() -> None:
    with interruptible():
        with Interrupts(patient=True) as interrupts:
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGINT)
            assert interrupts.received == signal.SIGINT
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_stopped_run_resumes_bit_equal(tmp_path, monkeypatch) -> None:
    whole = trained(run_of(tmp_path / "whole", steps=5), "torch")
    run = run_of(tmp_path / "stopped", steps=5, save_every=100)
    monkeypatch.setattr(Interrupts, "__enter__", lambda self: stopped_at_once(self))
    with pytest.raises(Stopped, match="stopped by SIGTERM after step 1") as raised:
        trained(run, "torch")
    assert raised.value.exit_status == 143
    assert read_checkpoint(run.checkpoint_path).step == 1
    monkeypatch.undo()
    joined = trained(run, "torch", resuming=True)
    assert metrics_of(run) == metrics_of(run_of(tmp_path / "whole", steps=5))
    for key, array in whole.tensors.items():
        assert np.array_equal(joined.tensors[key], array), key


def stopped_at_once(interrupts: Interrupts) -> Interrupts:
    interrupts._watching, interrupts.received = False, signal.SIGTERM
    return interrupts


@pytest.fixture
def small_files():
    """No file may grow beyond a few kilobytes: what a full disk does, on any machine."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))

    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_no_room_for_a_checkpoint_keeps_the_last_one(tmp_path, small_files) -> None:
    run = run_of(tmp_path, steps=2)
    trained(run, "torch")
    before = run.checkpoint_path.read_bytes()
    small_files(len(before) // 2)
    with pytest.raises(UsageError, match=r"step-000004.safetensors: cannot be written"):
        trained(replace(run, steps=4), "torch", resuming=True)
    small_files(resource.RLIM_INFINITY)
    assert run.checkpoint_path.read_bytes() == before
    assert not list(tmp_path.rglob(".*"))
    assert trained(replace(run, steps=4), "torch", resuming=True).step == 4


def test_no_room_for_metrics_is_one_line(tmp_path, small_files) -> None:
    run = run_of(tmp_path, steps=2)
    trained(run, "torch")
    small_files(20_000)  # about 250 steps
    with pytest.raises(UsageError, match=r"metrics.jsonl: cannot be written .* with --resume"):
        trained(replace(run, steps=1000, save_every=1000), "torch", resuming=True)
    small_files(resource.RLIM_INFINITY)
    assert trained(replace(run, steps=4), "torch", resuming=True).step == 4
    assert [entry["step"] for entry in metrics_of(run)] == [1, 2, 3, 4]


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting takes root; see the tests above")
def test_a_full_disk_in_mid_save_keeps_the_last_checkpoint(tmp_path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this container may not mount; see the tests above")
    try:
        run = run_of(disk / "run", steps=2, keep=1000)
        trained(run, "torch")
        with pytest.raises(UsageError, match=r"cannot be written .No space left on device"):
            trained(replace(run, steps=1000), "torch", resuming=True)
        assert read_checkpoint(run.checkpoint_path).step >= 2
        assert not list(disk.rglob(".*"))
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_loss_that_is_not_finite_names_step_and_tensor(tmp_path, backend_name) -> None:
    run = run_of(tmp_path, steps=50, options={"learning_rate": 1e30}, save_every=1000)
    with pytest.raises(UsageError) as raised:
        trained(run, backend_name)
    text = str(raised.value)
    assert "at step" in text
    assert "discriminator." in text or "generator." in text
    assert "the last checkpoint is unchanged" in text
    assert read_checkpoint(run.checkpoint_path).step == 0


def test_a_nan_among_the_data_is_named_as_such(tmp_path, monkeypatch) -> None:
    from common.data import offline

    digits = offline.digits

    def broken(system, seed):
        data = digits(system, seed)
        return replace(data, sample=lambda index: data.sample(index) * np.float32(np.nan))

    monkeypatch.setitem(offline.OFFLINE[None], "digits", broken)
    with pytest.raises(UsageError, match=r"at step 1; .* finite: the real samples, in step 1"):
        trained(run_of(tmp_path, steps=3), "torch")
