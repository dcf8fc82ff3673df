"""The controls of a device, and the pieces of work that test a GPU."""

import sys
import time
from shlex import split

import pytest
from typer.testing import CliRunner

from common.cli import cards
from common.cli.application import app
from common.parity import controls
from common.parity.cases import KINDS
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
def run_simulated(files, monkeypatch, tmp_path):
    """The results of the controls for simulated recordings; `recorded` changes one by its job."""

    def run(recorded=lambda job: {}, device="cuda"):
        def record_tasks(plan, folder, watcher):
            return {t: recorded(t.job).get("problem") or make(t) for t in plan.tasks()}

        def make(task) -> str:
            job = task.job
            how = recorded(job)
            rounded = how.get("rounded", job.as_tf32)
            path = files.made(job.dtype, perturbed=job.perturbed, rounded=rounded)
            labels = {"backend": job.backend, "device": job.device}
            name = f"{job.backend}{how.get('seed', '')}"
            made = files.relabelled(name, path, rounded=job.as_tf32 and device == "cpu", **labels)
            (tmp_path / task.file).write_bytes(made.path.read_bytes())
            return ""

        monkeypatch.setattr(controls, "record_tasks", record_tasks)
        plan = Plan(control_jobs(["torch", "jax"], device), ("lsgan_mlp",))
        _, results = run_controls(plan, tmp_path)
        return results

    return run


def failed(results) -> set[str]:
    return {control.name for control in results if not control.passed}


@pytest.mark.parametrize("device", ["cuda", "cpu"])
def test_a_correct_device_passes_every_control(run_simulated, device) -> None:
    results = run_simulated(device=device)
    assert failed(results) == set()
    names = " ".join(control.name for control in results)
    for backend in ("torch", "jax"):
        assert f"{backend} {device} float32 (reduced) twice is equal in every byte" in names
        assert f"{backend} {device} float32 (reduced), as TF32 turns the comparison red" in names


def test_undetected_tf32_fails_its_control(run_simulated) -> None:
    """As if the switch for TF32 did nothing."""
    results = run_simulated(lambda job: {"rounded": False})
    assert failed(results) == {
        f"{name} cuda float32 (reduced), as TF32 turns the comparison red"
        for name in ("torch", "jax")
    }


def test_tf32_is_not_detected_without_a_reference(run_simulated) -> None:
    """A recording without a reference fails for another reason."""
    results = run_simulated(lambda job: {"problem": "crashed"} if job.dtype == "float64" else {})
    red = {name for name in failed(results) if "turns the comparison red" in name}
    assert len(red) == 2


def test_a_nondeterministic_device_fails(run_simulated) -> None:
    def drifting(job):
        return {"seed": "again"} if job.again and job.backend == "torch" else {}

    assert failed(run_simulated(drifting)) == {
        "torch cuda float32 (reduced) twice is equal in every byte"
    }


def test_a_device_that_always_rounds_fails(run_simulated) -> None:
    rounding = lambda job: {"rounded": job.as_tf32 or job.device == "cuda"}  # noqa: E731
    assert "the correct recordings agree" in failed(run_simulated(rounding))


def test_a_recording_that_crashed_fails(run_simulated) -> None:
    results = run_simulated(lambda job: {"problem": "out of memory"} if job.again else {})
    assert failed(results) == {
        f"{name} cuda float32 (reduced), again was recorded" for name in ("torch", "jax")
    }


def test_controls_come_before_any_float32_comparison() -> None:
    order = list(PIECES)
    singles = [name for name, piece in PIECES.items() if "float32" in f"{name} {piece.title}"]
    assert all(order.index("controls") < order.index(name) for name in singles)


@pytest.mark.parametrize(("piece", "command"), COMMANDS, ids=lambda value: str(value)[:60])
def test_every_command_of_a_piece_can_be_called(piece, command) -> None:
    """Its name and its options are checked; it is not run."""
    answer = CliRunner().invoke(app, [*command, "--help"])
    assert answer.exit_code == 0, answer.output
    assert not any("{" in argument for argument in command)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_pieces_cover_every_system_in_both_types(dtype) -> None:
    for kind in ("reduced", "full") if dtype == "float32" else ("reduced",):
        selected = [
            command
            for _, command in COMMANDS
            if command[0] == "parity" and dtype in command and kind in command
        ]
        assert sorted(
            argument for c in selected for argument in c if argument in SYSTEMS
        ) == sorted(SYSTEMS)
    (long,) = commands("long", OPTIONS)
    assert set(KINDS) - {"reduced", "full"} <= set(long)


def test_without_a_piece_all_are_listed_in_order(tmp_path) -> None:
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


def test_a_piece_reports_its_timeout(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(cards, "run_with_timeout", lambda command, timeout: None)
    answer = CliRunner().invoke(app, ["card", "small-float64", "--out", str(tmp_path)])
    assert answer.exit_code == 1
    assert "small-float64: stopped after 560 s" in answer.output


def test_a_timeout_ends_a_command_and_its_children(tmp_path) -> None:
    """A recording that is left running would slow the next piece."""
    sign = tmp_path / "sign"
    child = f"import time; time.sleep(3); open({str(sign)!r}, 'w')"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    assert run_with_timeout([sys.executable, "-c", parent], 1.5) is None
    time.sleep(3)
    assert not sign.exists()
    assert run_with_timeout(split("true"), 10) == 0
