"""Real processes of a crew: their output, and that an interruption ends them all."""

import os
import sys
import time
from pathlib import Path

import pytest

from common.setup.command_runner import CommandRunner

# A process that has a child, as a compiler's or pip's has, and leaves the child's number behind.
FAMILY = (
    "import pathlib, subprocess, sys\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    "pathlib.Path(sys.argv[1]).write_text(str(child.pid))\n"
    "child.wait()\n"
)


def alive(pid: int) -> bool:
    """Whether a process still runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def ends(pid: int) -> bool:
    """Whether a process is gone soon: a killed one closes its files a moment before it ends."""
    deadline = time.monotonic() + 10
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not alive(pid)


def written(file: Path) -> int:
    while not (file.exists() and file.read_text()):
        time.sleep(0.01)
    return int(file.read_text())


def test_output_of_a_command_is_shown_on_request(capsys) -> None:
    command = [sys.executable, "-c", "import os; print(os.environ['TEXT'])"]
    with CommandRunner() as runner:
        assert runner.run("one", command, shown=True, variables={"TEXT": "loud"})
        assert runner.run("two", command, variables={"TEXT": "quiet"})
        assert not runner.run("three", [sys.executable, "-c", "raise SystemExit(3)"])
    output = capsys.readouterr().out
    assert "s  loud\n" in output
    assert "quiet" not in output
    assert "done: one\n" in output
    assert "FAILED: three\n" in output


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="reads /proc")
def test_an_interruption_ends_commands_and_their_children(tmp_path, capsys) -> None:
    file = tmp_path / "child"
    command = [sys.executable, "-c", FAMILY, str(file)]
    began = time.monotonic()
    with CommandRunner() as runner:  # left early, as an interruption leaves it
        job = runner.start(lambda: runner.run("waiting", command))
        child = written(file)
        assert alive(child)
    assert time.monotonic() - began < 30
    assert not job.result()
    assert ends(child)
    assert "FAILED" not in capsys.readouterr().out


def test_no_command_begins_after_an_interruption(tmp_path) -> None:
    touch = [sys.executable, "-c", f"open({str(tmp_path / 'file')!r}, 'w')"]
    with CommandRunner() as runner:
        pass
    assert not runner.run("late", touch)
    assert not (tmp_path / "file").exists()
    with CommandRunner() as runner:
        assert runner.run("in time", touch)
    assert (tmp_path / "file").exists()
