"""The controls of a device and the pieces that a card is judged in."""

import sys
import time
from shlex import split

import pytest
from typer.testing import CliRunner

from common.cli import cards
from common.cli.application import app
from common.parity import controls
from common.parity.cases import WIDTHS
from common.parity.controls import control_jobs, run_controls
from common.parity.pieces import PIECES, commands
from common.parity.tasks import Plan
from common.processes.child import run_with_timeout
from common.systems import SYSTEMS
from parity_tests.relabelling import Files

OPTIONS = {"backends": "torch,jax", "device": "cpu", "out": "there", "seconds": "500"}
COMMANDS = [(piece, command) for piece in PIECES for command in commands(piece, OPTIONS)]


@pytest.fixture(scope="module")
def files(need, tmp_path_factory) -> Files:
    need("torch")
    return Files(tmp_path_factory.mktemp("recordings"))


@pytest.fixture
def answers(files, monkeypatch, tmp_path):
    """What the controls answer where the device records so: `recorded` says how, by job."""

    def ask(recorded=lambda job: {}, device="cuda"):
        def record_tasks(plan, folder, watcher):
            return {t: recorded(t.job).get("problem") or make(t) for t in plan.tasks()}

        def make(task) -> str:
            job = task.job
            found = recorded(job)
            rounded = found.get("rounded", job.as_tf32)
            path = files.made(job.dtype, perturbed=job.perturbed, rounded=rounded)
            labels = {"backend": job.backend, "device": job.device}
            name = f"{job.backend}{found.get('seed', '')}"
            made = files.relabelled(name, path, rounded=job.as_tf32 and device == "cpu", **labels)
            (tmp_path / task.file).write_bytes(made.path.read_bytes())
            return ""

        monkeypatch.setattr(controls, "record_tasks", record_tasks)
        plan = Plan(control_jobs(["torch", "jax"], device), ("lsgan_mlp",))
        _, found = run_controls(plan, tmp_path)
        return found

    return ask


def failed(found) -> set[str]:
    return {control.name for control in found if not control.passed}


@pytest.mark.parametrize("device", ["cuda", "cpu"])
def test_an_honest_device_passes_every_control(answers, device) -> None:
    found = answers(device=device)
    assert failed(found) == set()
    names = " ".join(control.name for control in found)
    for backend in ("torch", "jax"):
        assert f"{backend} {device} float32 (reduced) twice is equal in every byte" in names
        assert f"{backend} {device} float32 (reduced), as TF32 turns the comparison red" in names


def test_tf32_that_nobody_sees_fails_its_control(answers) -> None:
    """As where the switch does nothing."""
    found = answers(lambda job: {"rounded": False})
    assert failed(found) == {
        f"{name} cuda float32 (reduced), as TF32 turns the comparison red"
        for name in ("torch", "jax")
    }


def test_tf32_where_nothing_could_be_measured_is_not_seen(answers) -> None:
    """A recording that nothing judges is red for another reason."""
    found = answers(lambda job: {"problem": "crashed"} if job.dtype == "float64" else {})
    red = {name for name in failed(found) if "turns the comparison red" in name}
    assert len(red) == 2


def test_a_device_that_does_not_repeat_itself_fails(answers) -> None:
    def drifting(job):
        return {"seed": "again"} if job.again and job.backend == "torch" else {}

    assert failed(answers(drifting)) == {
        "torch cuda float32 (reduced) twice is equal in every byte"
    }


def test_a_device_that_rounds_where_it_should_not_fails(answers) -> None:
    rounding = lambda job: {"rounded": job.as_tf32 or job.device == "cuda"}  # noqa: E731
    assert "the honest recordings agree" in failed(answers(rounding))


def test_a_recording_that_crashed_fails(answers) -> None:
    found = answers(lambda job: {"problem": "out of memory"} if job.again else {})
    assert failed(found) == {
        f"{name} cuda float32 (reduced), again was recorded" for name in ("torch", "jax")
    }


def test_controls_come_before_any_float32_figure() -> None:
    order = list(PIECES)
    singles = [name for name, piece in PIECES.items() if "float32" in f"{name} {piece.title}"]
    assert all(order.index("controls") < order.index(name) for name in singles)


@pytest.mark.parametrize(("piece", "command"), COMMANDS, ids=lambda value: str(value)[:60])
def test_every_command_of_a_piece_can_be_called(piece, command) -> None:
    """Its name and its options are known; what it would run is not."""
    answer = CliRunner().invoke(app, [*command, "--help"])
    assert answer.exit_code == 0, answer.output
    assert not any("{" in word for word in command)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_pieces_cover_every_system_in_both_types(dtype) -> None:
    for width in ("reduced", "full") if dtype == "float32" else ("reduced",):
        asked = [
            command
            for _, command in COMMANDS
            if command[0] == "parity" and dtype in command and width in command
        ]
        assert sorted(word for c in asked for word in c if word in SYSTEMS) == sorted(SYSTEMS)
    (long,) = commands("long", OPTIONS)
    assert set(WIDTHS) - {"reduced", "full"} <= set(long)


def test_without_a_piece_they_are_listed_in_order(tmp_path) -> None:
    answer = CliRunner().invoke(app, ["card", "--out", str(tmp_path / "there")])
    assert answer.exit_code == 0
    places = [answer.output.index(name) for name in PIECES]
    assert places == sorted(places)
    assert "card small-float64" in answer.output
    assert not (tmp_path / "there").exists()


@pytest.mark.parametrize(("script", "status"), [("pass", 0), ("raise SystemExit(3)", 1)])
def test_a_piece_fails_with_its_first_command(monkeypatch, tmp_path, script, status) -> None:
    called = []

    def run(command, timeout):
        called.append(command)
        return run_with_timeout([sys.executable, "-c", script], timeout)

    monkeypatch.setattr(cards, "run_with_timeout", run)
    answer = CliRunner().invoke(app, ["card", "training", "--out", str(tmp_path)])
    assert answer.exit_code == status
    assert len(called) == (1 if status else 3)


def test_a_piece_that_runs_out_of_time_says_so(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(cards, "run_with_timeout", lambda command, timeout: None)
    answer = CliRunner().invoke(app, ["card", "small-float64", "--out", str(tmp_path)])
    assert answer.exit_code == 1
    assert "small-float64: stopped after 560 s" in answer.output


def test_what_runs_out_of_time_ends_with_its_children(tmp_path) -> None:
    """A recording left behind would go on beside the next piece."""
    sign = tmp_path / "sign"
    child = f"import time; time.sleep(3); open({str(sign)!r}, 'w')"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    assert run_with_timeout([sys.executable, "-c", parent], 1.5) is None
    time.sleep(3)
    assert not sign.exists()
    assert run_with_timeout(split("true"), 10) == 0
