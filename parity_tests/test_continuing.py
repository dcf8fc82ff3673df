"""A stopped parity run resumes where it was, and never from recordings of another run."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from common import ROOT, UsageError
from common.files import UNFINISHED
from common.parity import kept_recordings, parity
from common.parity.dispatching import DONE, Event
from common.parity.jobs import plan_jobs
from common.parity.kept_recordings import FOLDER, recordings_of
from common.parity.parity import Watcher, record_tasks, run_parity
from common.parity.tasks import Plan
from parity_tests.fixtures import interruptible

NAMES = ("lsgan_mlp", "gan_moments")
PLAN = Plan(plan_jobs(["torch", "jittor"], "cpu", ["float64"], ["reduced"]), NAMES)


class Seen(Watcher):
    def __init__(self) -> None:
        self.kept, self.started, self.judged_groups = [], [], []

    def starts(self, tasks, kept) -> None:
        self.started, self.kept = list(tasks), list(kept)

    def judged(self, group, comparison) -> None:
        self.judged_groups.append((str(group), comparison.ok, comparison.made))


@pytest.fixture
def recorded(need, tmp_path):
    """The folder of a run that was stopped after the first of two systems."""
    need("torch", "jittor")

    class Stopping(Watcher):
        def judged(self, group, comparison) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), recordings_of(PLAN, tmp_path) as folder:
        run_parity(PLAN, folder, Stopping())
    return tmp_path


def test_existing_recordings_are_reused(recorded) -> None:
    seen = Seen()
    with recordings_of(PLAN, recorded) as folder:
        comparison = run_parity(PLAN, folder, seen)
    assert comparison.ok
    assert len(seen.kept) >= 2
    assert {*seen.kept, *seen.started} == set(PLAN.tasks())
    assert not set(seen.kept) & set(seen.started)
    assert [(name, ok) for name, ok, _ in seen.judged_groups] == [
        ("lsgan_mlp", True),
        ("gan_moments", True),
    ]


def test_recordings_of_fewer_kinds_are_not_reused_for_more(need, tmp_path) -> None:
    need("torch")
    narrow, wider = (
        Plan(plan_jobs(["torch"], "cpu", ["float64"], kinds), ("gan_moments",))
        for kinds in (["reduced"], ["reduced", "cycle"])
    )
    record_tasks(narrow, tmp_path)
    seen = Seen()
    record_tasks(wider, tmp_path, seen)
    assert (len(seen.kept), len(seen.started)) == (0, 1)


def test_a_complete_run_removes_its_recordings(recorded) -> None:
    with recordings_of(PLAN, recorded) as folder:
        run_parity(PLAN, folder)
    assert not (recorded / FOLDER).exists()


@pytest.mark.parametrize("change", ["code", "versions", "python", "processor", "seed", "settings"])
def test_recordings_with_another_fingerprint_are_removed(recorded, monkeypatch, change) -> None:
    fingerprint = kept_recordings.fingerprint(PLAN)
    monkeypatch.setattr(
        kept_recordings, "fingerprint", lambda plan: fingerprint | {change: "another"}
    )
    with recordings_of(PLAN, recorded) as folder:
        assert {path.name for path in folder.iterdir()} == {
            kept_recordings.LOCK,
            kept_recordings.MADE_BY,
        }


def test_a_truncated_recording_is_made_again(recorded) -> None:
    folder = recorded / FOLDER
    (first, *_) = sorted(folder.glob("*.safetensors"))
    first.write_bytes(first.read_bytes()[:1000])
    (folder / f".{first.name}.x{UNFINISHED}").write_text("half")
    seen = Seen()
    with recordings_of(PLAN, recorded) as again:
        assert not list(again.glob(f".*{UNFINISHED}"))
        assert run_parity(PLAN, again, seen).ok
    assert first.name in {task.file for task in seen.started}


def test_the_fingerprint_covers_the_code_of_every_package(monkeypatch, tmp_path) -> None:
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
    assert len(seen.started) == 1


def test_ctrl_c_prints_results_and_the_same_command_resumes(need, tmp_path) -> None:
    need("torch", "jittor")
    names = ("lsgan_mlp", "dcgan_mnist")
    command = [
        *(sys.executable, "-m", "common", "parity", *names, "--dtype", "float64"),
        *("--backends", "torch,jittor", "--kind", "reduced", "--out", "report"),
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
        output = "".join(lines) + first.stdout.read()
    assert first.returncode == 130, output
    assert "not compared yet: dcgan_mnist. The same command continues from here." in output
    assert "Traceback" not in output
    assert not (tmp_path / "report" / "report.json").exists()
    time.sleep(0.2)

    second = subprocess.run(command, capture_output=True, check=False, **where)
    assert second.returncode == 0, second.stdout + second.stderr
    assert "continuing: " in second.stdout
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert report["summary"]["ok"]
    assert {result["system"] for result in report["results"]} >= {"lsgan_mlp", "dcgan_mnist"}
