"""How the frameworks are installed: what runs at the same time, and what a failure affects."""

from threading import Barrier, BrokenBarrierError, Event

import pytest

from common.setup import command_runner, install
from common.setup.command_runner import CommandRunner
from common.setup.installers import Installer

PIP = Installer("pip", ("pip",), parallel=True)
UV = Installer("uv", ("uv",), parallel=False)
FIRST = {"jittor", "torch", "tf", "jax"}
EVERYTHING = "all,dev,docs"


def part(command: list[str]) -> str:
    """What a command installs or prepares, as one name."""
    if "common.setup.prepare_jittor" in command:
        return "core"
    if "-e" in command:
        return command[-1].removeprefix(".[").removesuffix("]")
    if "--upgrade" in command:
        return "jittor"
    names = {"torch": "torch", "keras": "tf", "jaxlib": "jax"}
    return next(name for package, name in names.items() if package in " ".join(command))


class Commands:
    """Replaces subprocess.Popen; `act` returns the exit status of each command."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.ended: dict[str, int] = {}
        self.before: dict[str, set[str]] = {}  # what had ended when a part began
        self.programs: dict[str, str] = {}
        self.act = lambda name: 0

    def __call__(self, command, **_):
        name = part(command)
        self.began.append(name)
        self.before[name] = set(self.ended)
        self.programs[name] = command[0]
        return Process(self, name)


class Process:
    """One command that was begun."""

    def __init__(self, commands: Commands, name: str) -> None:
        self.stdout = [f"output of {name}\n"]
        self.wait = lambda: self._end(commands, name)

    def __enter__(self):
        return self

    def __exit__(self, *raised) -> None:
        pass

    def _end(self, commands: Commands, name: str) -> int:
        commands.ended[name] = commands.act(name)
        return commands.ended[name]


@pytest.fixture
def commands(monkeypatch) -> Commands:
    made = Commands()
    monkeypatch.setattr(command_runner, "Popen", made)
    return made


def run(*tried: Installer, workers: int = 16) -> int:
    with CommandRunner(workers=workers) as runner:
        return install.install(runner, tried or (PIP,))


def failing(*names: str):
    return lambda name: int(name in names)


def test_the_rest_is_installed_after_every_framework(commands) -> None:
    assert run() == 0
    assert commands.before[EVERYTHING] >= FIRST
    assert "jittor" in commands.before["core"]
    assert set(commands.began) == {*FIRST, "core", EVERYTHING}


@pytest.mark.parametrize(("workers", "meet"), [(16, True), (3, False)])
def test_the_frameworks_are_installed_at_the_same_time(commands, workers, meet) -> None:
    """Each waits for the three others; with too few workers they never meet."""
    barrier = Barrier(len(FIRST))

    def act(name: str) -> int:
        if name not in FIRST:
            return 0
        try:
            barrier.wait(10 if meet else 0.2)
        except BrokenBarrierError:
            return 1
        return 0

    commands.act = act
    assert run(workers=workers) == 0
    assert all(commands.ended[name] == 0 for name in FIRST) == meet


@pytest.mark.parametrize(("workers", "meet"), [(16, True), (1, False)])
def test_the_core_is_compiled_while_the_rest_is_installed(commands, workers, meet) -> None:
    """The core waits for the last call to begin; with one worker, in vain."""
    began = Event()

    def act(name: str) -> int:
        if name == EVERYTHING:
            began.set()
        return int(name == "core" and not began.wait(10 if meet else 0.2))

    commands.act = act
    assert run(workers=workers) == 0
    assert (commands.ended["core"] == 0) == meet


@pytest.mark.parametrize("broken", sorted(FIRST))
def test_a_framework_that_fails_is_tried_again_in_the_last_call(commands, broken, capsys) -> None:
    commands.act = failing(broken)
    assert run() == 0
    assert commands.ended[EVERYTHING] == 0
    assert ("core" in commands.began) == (broken != "jittor")
    output = capsys.readouterr().out
    assert f"FAILED: installing {broken}" in output
    assert f"output of {broken}" not in output
    assert f"output of {EVERYTHING}" in output


def test_one_unavailable_framework_does_not_prevent_the_others(commands, capsys) -> None:
    commands.act = failing(EVERYTHING, "tf")
    assert run() == 0
    assert commands.began[-6:] == ["dev,docs", *install.EXTRAS]
    output = capsys.readouterr().out
    assert output.count("WARNING") == 1
    assert "WARNING: tf could not be installed" in output


def test_a_failing_core_does_not_fail_the_installation(commands) -> None:
    commands.act = failing("core")
    assert run() == 0
    commands.act = failing(EVERYTHING, "dev,docs")
    assert run() == 1


def test_if_everything_fails_an_error_says_that_the_project_is_missing(commands, capsys) -> None:
    commands.act = lambda name: 1
    assert run() == 1
    assert commands.began[-1] == "dev,docs"
    assert "error: the project itself could not be installed" in capsys.readouterr().out


def test_uv_installs_jittor_and_then_everything_in_one_call(commands) -> None:
    assert run(UV, PIP) == 0
    assert set(commands.began) == {"jittor", "core", EVERYTHING}
    assert commands.programs[EVERYTHING] == "uv"


def test_what_uv_cannot_install_is_tried_with_pip(commands) -> None:
    commands.act = lambda name: int(commands.programs[name] == "uv")
    assert run(UV, PIP) == 0
    assert commands.began.count(EVERYTHING) == 2
    assert commands.programs[EVERYTHING] == "pip"
    commands.act = failing(EVERYTHING, "dev,docs")
    assert run(UV, PIP) == 1


def test_each_line_shows_the_seconds_and_long_steps_report_progress(
    commands, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(command_runner, "SILENCE", 0.05)
    commands.act = lambda name: int(name == "core" and Event().wait(0.3))
    run()
    lines = capsys.readouterr().out.splitlines()
    assert all(line[:8] == "   0 s  " for line in lines)
    assert "   0 s  still preparing Jittor" in lines


def test_an_interruption_is_reported_in_one_line(commands, monkeypatch, capsys) -> None:
    def interrupt():
        raise KeyboardInterrupt

    monkeypatch.setattr(install.sys, "argv", ["install"])
    monkeypatch.setattr(install.signal, "signal", lambda *_: None)
    monkeypatch.setattr(install, "forget_unfinished", lambda: [])
    monkeypatch.setattr(install, "installers", interrupt)
    assert install.main() == 130
    assert capsys.readouterr().out == "interrupted; run the same command to continue\n"
    monkeypatch.setattr(install, "installers", lambda: (PIP,))
    assert install.main() == 0
