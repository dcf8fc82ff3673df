"""Real processes of a crew: what they say, and that an interruption leaves none behind."""

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
    """Whether a process still runs; one that has ended and that nobody asked for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def written(file: Path) -> int:
    while not (file.exists() and file.read_text()):
        time.sleep(0.01)
    return int(file.read_text())


def test_what_a_command_says_is_shown_where_asked_for(capsys) -> None:
    command = [sys.executable, "-c", "import os; print(os.environ['WORD'])"]
    with CommandRunner() as runner:
        assert runner.run("one", command, shown=True, variables={"WORD": "loud"})
        assert runner.run("two", command, variables={"WORD": "quiet"})
        assert not runner.run("three", [sys.executable, "-c", "raise SystemExit(3)"])
    said = capsys.readouterr().out
    assert "s  loud\n" in said
    assert "quiet" not in said
    assert "done: one\n" in said
    assert "FAILED: three\n" in said


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="asks /proc what runs")
def test_an_interruption_ends_what_runs_with_its_children(tmp_path, capsys) -> None:
    file = tmp_path / "child"
    command = [sys.executable, "-c", FAMILY, str(file)]
    began = time.monotonic()
    with CommandRunner() as runner:  # left early, as an interruption leaves it
        job = runner.start(lambda: runner.run("waiting", command))
        child = written(file)
        assert alive(child)
    assert time.monotonic() - began < 30
    assert not job.result()
    assert not alive(child)
    assert "FAILED" not in capsys.readouterr().out


def test_once_interrupted_nothing_new_begins(tmp_path) -> None:
    touch = [sys.executable, "-c", f"open({str(tmp_path / 'file')!r}, 'w')"]
    with CommandRunner() as runner:
        pass
    assert not runner.run("late", touch)
    assert not (tmp_path / "file").exists()
    with CommandRunner() as runner:
        assert runner.run("in time", touch)
    assert (tmp_path / "file").exists()
