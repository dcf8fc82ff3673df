"""A parity run that was stopped goes on where it was, and never from what something else made."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from common import ROOT, UsageError
from common.files import UNFINISHED
from common.parity import kept_recordings, parity
from common.parity.dispatching import DONE, Event
from common.parity.jobs import plan_jobs
from common.parity.kept_recordings import FOLDER, recordings_of
from common.parity.parity import Watcher, record_tasks, run_parity
from common.parity.tasks import Plan

NAMES = ("lsgan_mlp", "gan_moments")
PLAN = Plan(plan_jobs(["torch", "jittor"], "cpu", ["float64"], ["reduced"]), NAMES)


class Seen(Watcher):
    def __init__(self) -> None:
        self.kept, self.asked, self.judged_groups = [], [], []

    def starts(self, tasks, kept) -> None:
        self.asked, self.kept = list(tasks), list(kept)

    def judged(self, group, found) -> None:
        self.judged_groups.append((str(group), found.ok, found.made))


@pytest.fixture
def recorded(need, tmp_path):
    """The folder of a run that was stopped after the first of two systems."""
    need("torch", "jittor")

    class Stopping(Watcher):
        def judged(self, group, found) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), recordings_of(PLAN, tmp_path) as folder:
        run_parity(PLAN, folder, Stopping())
    return tmp_path


def test_what_was_recorded_is_not_recorded_again(recorded) -> None:
    seen = Seen()
    with recordings_of(PLAN, recorded) as folder:
        comparison = run_parity(PLAN, folder, seen)
    assert comparison.ok
    assert len(seen.kept) >= 2
    assert {*seen.kept, *seen.asked} == set(PLAN.tasks())
    assert not set(seen.kept) & set(seen.asked)
    assert [(name, ok) for name, ok, _ in seen.judged_groups] == [
        ("lsgan_mlp", True),
        ("gan_moments", True),
    ]


def test_a_run_of_fewer_widths_is_not_taken_for_one_of_more(need, tmp_path) -> None:
    need("torch")
    narrow, wider = (
        Plan(plan_jobs(["torch"], "cpu", ["float64"], widths), ("gan_moments",))
        for widths in (["reduced"], ["reduced", "cycle"])
    )
    record_tasks(narrow, tmp_path)
    seen = Seen()
    record_tasks(wider, tmp_path, seen)
    assert (len(seen.kept), len(seen.asked)) == (0, 1)


def test_a_complete_run_leaves_nothing_to_go_on_from(recorded) -> None:
    with recordings_of(PLAN, recorded) as folder:
        run_parity(PLAN, folder)
    assert not (recorded / FOLDER).exists()


@pytest.mark.parametrize("change", ["code", "versions", "python", "processor", "seed", "settings"])
def test_what_something_else_recorded_is_removed(recorded, monkeypatch, change) -> None:
    found = kept_recordings.fingerprint(PLAN)
    monkeypatch.setattr(kept_recordings, "fingerprint", lambda plan: found | {change: "another"})
    with recordings_of(PLAN, recorded) as folder:
        assert {path.name for path in folder.iterdir()} == {
            kept_recordings.LOCK,
            kept_recordings.MADE_BY,
        }


def test_a_recording_that_was_cut_short_is_made_again(recorded) -> None:
    folder = recorded / FOLDER
    (first, *_) = sorted(folder.glob("*.safetensors"))
    first.write_bytes(first.read_bytes()[:1000])
    (folder / f".{first.name}.x{UNFINISHED}").write_text("half")
    seen = Seen()
    with recordings_of(PLAN, recorded) as again:
        assert not list(again.glob(f".*{UNFINISHED}"))
        assert run_parity(PLAN, again, seen).ok
    assert first.name in {task.file for task in seen.asked}


def test_every_line_of_code_counts(monkeypatch, tmp_path) -> None:
    for package in ("common", "torch_impl", "tf_impl", "jax_impl", "jittor_impl"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "module.py").write_text("number = 1\n")
    monkeypatch.setattr(kept_recordings, "ROOT", tmp_path)
    before = kept_recordings.fingerprint(PLAN)
    assert kept_recordings.fingerprint(PLAN) == before
    (tmp_path / "jax_impl" / "module.py").write_text("number = 2\n")
    assert kept_recordings.fingerprint(PLAN) != before


def test_two_runs_do_not_record_into_one_folder(tmp_path) -> None:
    with recordings_of(PLAN, tmp_path) as folder:
        with (
            pytest.raises(UsageError, match="another rosetta parity"),
            recordings_of(PLAN, tmp_path),
        ):
            pass
        assert folder.exists()


def test_a_failed_recording_is_tried_again(need, tmp_path, monkeypatch) -> None:
    """It left no file, so it is not among those that are kept."""
    need("torch")
    plan = Plan(PLAN.jobs[:1], NAMES[:1])

    class Failing:
        def __init__(self, tasks, *_, **__) -> None:
            self.tasks = tasks

        def events(self):
            return (Event(task, DONE, "out of memory") for task in self.tasks)

    seen = Seen()
    with monkeypatch.context() as patch:
        patch.setattr(parity, "Dispatcher", Failing)
        assert not run_parity(plan, tmp_path, seen).ok
    run_parity(plan, tmp_path, seen)
    assert len(seen.asked) == 1


@contextmanager
def interruptible():
    """What a script runs in the background ignores Ctrl-C, and so would all that it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_says_what_is_known_and_the_same_command_goes_on(need, tmp_path) -> None:
    need("torch", "jittor")
    names = ("lsgan_mlp", "dcgan_mnist")
    command = [
        *(sys.executable, "-m", "common", "parity", *names, "--dtype", "float64"),
        *("--backends", "torch,jittor", "--width", "reduced", "--out", "report"),
    ]
    where = {
        "cwd": tmp_path,
        "env": {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120", "PYTHONUNBUFFERED": "1"},
        "text": True,
    }
    with (
        interruptible(),
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **where,
        ) as first,
    ):
        lines = []
        for line in first.stdout:
            lines.append(line)
            if line.startswith("lsgan_mlp"):
                os.killpg(first.pid, signal.SIGINT)  # as a terminal does: to every process
                break
        said = "".join(lines) + first.stdout.read()
    assert first.returncode == 130, said
    assert "not judged yet: dcgan_mnist. The same command goes on from here." in said
    assert "Traceback" not in said
    assert not (tmp_path / "report" / "report.json").exists()
    time.sleep(0.2)

    second = subprocess.run(command, capture_output=True, check=False, **where)
    assert second.returncode == 0, second.stdout + second.stderr
    assert "going on: " in second.stdout
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert report["summary"]["ok"]
    assert {result["system"] for result in report["results"]} >= {"lsgan_mlp", "dcgan_mnist"}
