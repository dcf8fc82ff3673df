"""Several devices that share each batch make the numbers of one, and a lost process loses nothing.

`rosetta parity --devices 2` compares all systems; here are two of them: a mixed batch with batch
norm and masks, and scores of a whole minibatch.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from common import UsageError
from common.backends import BACKENDS
from common.backends.launching import BY_PROCESS, check_started, cluster
from common.parity.cases import DEVICES
from common.parity.compare import compare
from common.parity.device_group import record_together
from common.parity.measure import require_named
from common.parity.recorders import Kind
from common.parity.recording_file import open_recording
from common.processes.child import python_path
from common.training.checkpoint import read_checkpoint
from common.training.journal import read_entries
from parity_tests.running import run_of, trained

SYSTEMS = ["lsgan_keras", "gan_moments"]
# The devices that share a batch, and the processes that these belong to.
FORMS = [(name, 2) for name in BACKENDS] + [
    (name, 1) for name in BACKENDS if name not in BY_PROCESS
]
RUN = [
    *("lsgan_mlp", "--data", "digits", "--batch-size", "8", "--latent-dim", "12"),
    *("--generator-features", "32", "--discriminator-features", "24", "--dtype", "float64"),
    *("--ema-decay", "0.9", "--sample-every", "1000"),
]


def recorded(path: Path, backend: str, devices: int, processes: int, **options: str):
    """A recording of both systems on so many devices."""
    kind = Kind(backend, "cpu", "float64", effort="least", devices=devices, processes=processes)
    task = {
        **{"systems": SYSTEMS, "kinds": [DEVICES], "settings": [], "seed": 0, "out": str(path)},
        **{"device": "cpu", "dtype": "float64", "label": f"{devices} in {processes}"},
    }
    problem = record_together(vars(kind), task, **options)
    assert not problem, problem
    return open_recording(path)


@pytest.fixture(scope="module")
def one_device(tmp_path_factory, need):
    """What PyTorch computes on one device."""
    need("torch")
    return recorded(tmp_path_factory.mktemp("one") / "one.safetensors", "torch", 1, 1)


@pytest.mark.parametrize(("name", "processes"), FORMS)
def test_two_devices_make_the_numbers_of_one(
    name: str, processes: int, one_device, tmp_path, need, need_mpi
) -> None:
    need(name)
    if name == "jittor":
        need_mpi()
    two = recorded(tmp_path / "two.safetensors", name, 2, processes)
    comparison = compare([one_device, two])
    assert comparison.ok, [r for r in comparison.results if not r.ok][:3]


def test_batch_norm_over_shards_alone_is_detected(one_device, tmp_path, need) -> None:
    need("torch")
    wrong = recorded(
        tmp_path / "x.safetensors", "torch", 2, 2, module="parity_tests.unsynchronised"
    )
    failed = {r.system for r in compare([one_device, wrong]).results if not r.ok}
    assert failed == {"lsgan_keras"}  # the other has no batch norm


def entries_of(folder: Path) -> list[dict[str, float]]:
    return read_entries(folder / "metrics.jsonl")


def command(backend: str, out: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "common", "train", backend, *RUN, "--out", str(out), *options]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": python_path(), "OMP_NUM_THREADS": "1"}


def run(*arguments) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("name", BACKENDS)
def test_a_run_goes_on_with_one_device_in_another_framework(
    name: str, tmp_path, need, need_mpi
) -> None:
    need(name)
    if name == "jittor":
        need_mpi()
    other = BACKENDS[BACKENDS.index(name) - 1]
    need(other)
    together, alone = tmp_path / "together", tmp_path / "alone"
    done = run(name, together, "--steps", "4", "--devices", "2", "--save-every", "4")
    assert done.returncode == 0, done.stderr
    ours = trained(run_of(together, steps=8, ema_decay=0.9), other, resuming=True)
    theirs = trained(run_of(alone, steps=8, ema_decay=0.9), other)
    for entry, expected in zip(entries_of(together), entries_of(alone), strict=True):
        for key, value in expected.items():
            require_named(np.array(entry[key]), np.array(value), "trajectory", f"{key} in {entry}")
    for key, array in theirs.tensors.items():
        require_named(ours.tensors[key], array, "trajectory", key)
    segments = json.loads((together / "config.json").read_text())["segments"]
    assert [segment["devices"] for segment in segments] == [2, 1]


@pytest.mark.parametrize("name", BY_PROCESS)
def test_a_run_that_is_at_its_end_has_nothing_to_do(name: str, tmp_path, need, need_mpi) -> None:
    need(name)
    if name == "jittor":
        need_mpi()
    folder = tmp_path / "run"
    trained(run_of(folder, steps=2, ema_decay=0.9), name)
    done = run(name, folder, "--steps", "2", "--resume", "--devices", "2")
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing to do" in done.stdout


def started(name: str, folder: Path) -> list[subprocess.Popen[str]]:
    """What was started for a long run on two processes, once it has made twenty steps.

    That is one launcher, or both processes where the framework has none.
    """
    apart: list[dict[str, str]] = [{}] if name in BY_PROCESS else cluster(name, 2)
    group = [
        subprocess.Popen(
            command(name, folder, "--steps", "100000", "--save-every", "5", "--devices", "2"),
            env={**environment(), **each},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        for each in apart
    ]
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and all(process.poll() is None for process in group):
        if len(entries_of(folder)) > 20:
            return group
        time.sleep(0.2)
    for process in group:
        process.kill()
    raise AssertionError([process.communicate()[1] for process in group])


def workers(folder: Path) -> list[int]:
    """The processes that launchers started to train into a folder, in the order of their ranks."""
    ranks: dict[bytes, int] = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
            variables = (place / "environ").read_bytes().split(b"\0")
        except OSError:  # it has ended, or is not ours
            continue
        rank = [v for v in variables if v.startswith((b"RANK=", b"OMPI_COMM_WORLD_RANK="))]
        if rank and str(folder).encode() in words:
            # Jittor forks, and its children look alike.
            ranks[rank[0]] = min(int(place.name), ranks.get(rank[0], sys.maxsize))
    return [ranks[rank] for rank in sorted(ranks)]


@pytest.mark.parametrize(
    ("name", "place"), [("torch", 0), ("torch", 1), ("tf", 1), ("jax", 1), ("jittor", 1)]
)
def test_a_killed_process_ends_the_run_in_words_and_the_run_goes_on(
    name: str, place: int, tmp_path, need, need_mpi
) -> None:
    need(name)
    if name == "jittor":
        need_mpi()
    folder = tmp_path / "run"
    survivor, *others = started(name, folder)
    os.kill(others[0].pid if others else workers(folder)[place], signal.SIGKILL)
    _, errors = survivor.communicate(timeout=60)
    for other in others:
        other.communicate(timeout=60)
    assert survivor.returncode != 0
    assert "process of this run has ended" in errors
    assert "--resume" in errors
    assert "Traceback" not in errors
    step = read_checkpoint(folder / "checkpoint.safetensors").step
    done = run(name, folder, "--steps", str(step + 3), "--resume", "--devices", "2")
    assert done.returncode == 0, done.stderr
    assert entries_of(folder)[-1]["step"] == step + 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_saves_after_the_same_step_in_every_process(number: int, tmp_path, need) -> None:
    need("torch")
    folder = tmp_path / "run"
    (process,) = started("torch", folder)
    (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number, errors
    step = read_checkpoint(folder / "checkpoint.safetensors").step
    assert f"after step {step}, saved; continue with --resume" in " ".join(output.split())
    assert entries_of(folder)[-1]["step"] == step
    assert not errors


def test_a_signal_to_one_process_stops_all_after_the_same_step(tmp_path, need) -> None:
    need("torch")
    folder = tmp_path / "run"
    (process,) = started("torch", folder)
    os.kill(workers(folder)[1], signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    step = read_checkpoint(folder / "checkpoint.safetensors").step
    assert f"after step {step}, saved; continue with --resume" in " ".join(output.split()), errors
    assert entries_of(folder)[-1]["step"] == step


def test_what_cannot_be_shared_is_refused_before_anything_starts(tmp_path, need) -> None:
    need("torch")
    done = run("torch", tmp_path / "run", "--steps", "2", "--devices", "3")
    assert done.returncode == 2
    assert "3 devices cannot share a batch of 8 equally; use --batch-size 6 or 9" in " ".join(
        done.stderr.split()
    )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("name", "variable", "value"),
    [
        ("torch", "WORLD_SIZE", "2"),
        ("tf", "TF_CONFIG", '{"cluster": {"chief": ["a:1"], "worker": ["b:1"]}}'),
        ("jax", "JAX_NUM_PROCESSES", "2"),
        ("jittor", "OMPI_COMM_WORLD_SIZE", "2"),
    ],
)
def test_processes_that_would_train_apart_are_refused(
    name: str, variable: str, value: str, monkeypatch
) -> None:
    check_started(name, 1)
    monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError, match="2 processes were started together; add --devices"):
        check_started(name, 1)
    check_started(name, 2)
