"""Processes that record: what they answer, how they fail, and that none is left behind."""

import os
import signal
import subprocess
import sys
import time

import pytest

from common import ROOT
from common.backends import LESS
from common.parity import recorders
from common.parity.recorders import Kind, Recorder, Unusable
from common.parity.recording_file import is_recording, open_recording

KIND = Kind("torch", "cpu", "float64", effort=LESS)
TASK = {
    "systems": ["lsgan_mlp"],
    "kinds": ["reduced"],
    "settings": [],
    "seed": 0,
    "device": "cpu",
    "dtype": "float64",
    "perturbed": False,
    "rounded": False,
}


@pytest.fixture
def recorder(need):
    need("torch")
    made = Recorder(KIND, processes=2, timeout=120)
    yield made
    made.close()


def playing(monkeypatch, script: str, timeout: float = 30) -> Recorder:
    """A recorder whose process runs something else."""

    def popen(command, **options):
        return subprocess_popen([sys.executable, "-u", "-c", script], **options)

    subprocess_popen = subprocess.Popen
    monkeypatch.setattr(recorders.subprocess, "Popen", popen)
    return Recorder(KIND, processes=1, timeout=timeout)


def test_one_process_records_one_task_after_the_other(recorder, tmp_path) -> None:
    seen: list[str] = []
    for name in ("lsgan_mlp", "gan_moments"):
        task = TASK | {"systems": [name], "out": str(tmp_path / name)}
        answer = recorder.record(task, seen.append)
        assert answer.problem == ""
        assert answer.cpu_seconds > 0
        assert [case.system.name for case in open_recording(tmp_path / name).cases.values()] == [
            name
        ]
    assert seen == ["lsgan_mlp/least_squares/reduced", "gan_moments/vanilla/reduced"]


def test_a_task_that_fails_leaves_the_process_to_the_next(recorder, tmp_path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    answer = recorder.record(TASK | {"out": str(folder)}, lambda words: None)
    assert "is a folder" in answer.problem
    assert recorder.record(TASK | {"out": str(tmp_path / "file")}, lambda words: None).problem == ""
    assert is_recording(tmp_path / "file")
    assert not is_recording(folder)


def test_a_framework_that_is_missing_is_unusable(monkeypatch) -> None:
    script = 'print(\'{"unusable": "PyTorch cannot be used"}\')'
    recorder = playing(monkeypatch, script)
    with pytest.raises(Unusable, match="PyTorch cannot be used"):
        recorder.record({}, print)
    recorder.close()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("import os; os._exit(7)", "exit status 7"),
        ("raise MemoryError('no room')", "MemoryError: no room"),
        ("import time; time.sleep(60)", "hung: stopped after 1 s"),
    ],
)
def test_a_process_that_ends_while_it_loads_is_unusable(monkeypatch, script, words) -> None:
    recorder = playing(monkeypatch, script, timeout=1 if "sleep" in script else 30)
    with pytest.raises(Unusable, match=words):
        recorder.record({}, print)
    recorder.close()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("os._exit(7)", "exit status 7"),
        ("os.kill(os.getpid(), 9)", "exit status -9"),
        ("raise ValueError('at work')", "ValueError: at work"),
        ("time.sleep(60)", "hung: stopped after 2 s"),
    ],
)
def test_a_process_that_ends_at_work_fails_that_task_alone(monkeypatch, script, words) -> None:
    ready = "import os, sys, time; print('{\"ready\": true}'); sys.stdin.readline(); "
    recorder = playing(monkeypatch, ready + script, timeout=2 if "sleep" in script else 30)
    assert recorder.record({}, print).problem == words
    assert not recorder.is_alive
    recorder.close()


def test_what_a_framework_prints_is_no_answer(tmp_path) -> None:
    script = (
        "from common.parity.recorder_process import _private_output\n"
        "answers = _private_output()\n"
        "print('a greeting', flush=True)\n"
        "print('the answer', file=answers, flush=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("the answer\n", "a greeting\n")


def test_a_recorder_ends_with_the_process_group_that_started_it(need, tmp_path) -> None:
    """What runs out of time takes its recorders with it: they would go on beside the next."""
    need("torch")
    # Its input ends with them too, but it would record to the end before it reads that.
    task = TASK | {"systems": ["lsgan_jittor"], "kinds": ["full"], "out": str(tmp_path / "out")}
    script = (
        "from common.parity.recorders import Kind, Recorder\n"
        "made = Recorder(Kind('torch', 'cpu', 'float64'), processes=1, timeout=60)\n"
        "at_work = lambda case: print(made._process.pid, flush=True)\n"
        f"made.record({task!r}, at_work)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as parent:
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        os.killpg(parent.pid, 9)
    deadline = time.monotonic() + 1
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(pid)


def is_running(pid: int) -> bool:
    """Whether that process is there, and not only waiting to be forgotten."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_ctrl_c_is_left_to_the_process_that_asks(need, tmp_path) -> None:
    """Jittor's own handler would end the recorder."""
    need("jittor")
    recorder = Recorder(Kind("jittor", "cpu", "float64"), processes=2, timeout=120)
    task = TASK | {"out": str(tmp_path / "first")}
    assert recorder.record(task, lambda words: None).problem == ""
    os.kill(recorder._process.pid, signal.SIGINT)
    assert recorder.record(TASK | {"out": str(tmp_path / "next")}, lambda words: None).problem == ""
    recorder.close()
