"""How the frameworks are installed: what goes on beside what, and what a failure costs."""

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
    """What a command installs or prepares, in one word."""
    if "common.setup.prepare_jittor" in command:
        return "core"
    if "-e" in command:
        return command[-1].removeprefix(".[").removesuffix("]")
    if "--upgrade" in command:
        return "jittor"
    names = {"torch": "torch", "keras": "tf", "jaxlib": "jax"}
    return next(name for word, name in names.items() if word in " ".join(command))


class Commands:
    """Stands in for subprocess.Popen: each command takes as long as its part of the test says."""

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
        self.stdout = [f"words of {name}\n"]
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


def test_the_rest_comes_once_every_framework_is_done(commands) -> None:
    assert run() == 0
    assert commands.before[EVERYTHING] >= FIRST
    assert "jittor" in commands.before["core"]
    assert set(commands.began) == {*FIRST, "core", EVERYTHING}


@pytest.mark.parametrize(("workers", "meet"), [(16, True), (3, False)])
def test_the_frameworks_are_installed_beside_each_other(commands, workers, meet) -> None:
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
def test_the_core_is_compiled_beside_the_rest(commands, workers, meet) -> None:
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
def test_what_fails_beside_the_others_is_left_to_the_last_call(commands, broken, capsys) -> None:
    commands.act = failing(broken)
    assert run() == 0
    assert commands.ended[EVERYTHING] == 0
    assert ("core" in commands.began) == (broken != "jittor")
    said = capsys.readouterr().out
    assert f"FAILED: installing {broken}" in said
    assert f"words of {broken}" not in said
    assert f"words of {EVERYTHING}" in said


def test_one_framework_that_cannot_be_had_never_costs_the_others(commands, capsys) -> None:
    commands.act = failing(EVERYTHING, "tf")
    assert run() == 0
    assert commands.began[-6:] == ["dev,docs", *install.EXTRAS]
    said = capsys.readouterr().out
    assert said.count("WARNING") == 1
    assert "WARNING: tf could not be installed" in said


def test_a_core_that_fails_is_no_failure_of_the_installation(commands) -> None:
    commands.act = failing("core")
    assert run() == 0
    commands.act = failing(EVERYTHING, "dev,docs")
    assert run() == 1


def test_where_everything_fails_the_project_is_said_to_be_missing(commands, capsys) -> None:
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


def test_each_line_tells_the_seconds_and_silence_is_broken(commands, monkeypatch, capsys) -> None:
    monkeypatch.setattr(command_runner, "SILENCE", 0.05)
    commands.act = lambda name: int(name == "core" and Event().wait(0.3))
    run()
    lines = capsys.readouterr().out.splitlines()
    assert all(line[:8] == "   0 s  " for line in lines)
    assert "   0 s  still preparing Jittor" in lines


def test_an_interruption_is_told_in_one_line(commands, monkeypatch, capsys) -> None:
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
