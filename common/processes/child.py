"""Start child processes and read their output."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from common import ROOT


def python_path() -> str:
    """The PYTHONPATH with which a child process can import this project from any folder."""
    return os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))


def share_of_threads(processes: int) -> dict[str, str]:
    """The environment variables that divide the cores among processes running in parallel.

    With twice as many threads as cores, small networks take up to four times as long.
    """
    each = str(max(1, (os.cpu_count() or 1) // processes))
    tensorflow = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    return dict.fromkeys(("OMP_NUM_THREADS", "NPROC", *tensorflow), each)  # NPROC is XLA's


def run_python(arguments: Sequence[str], *, variables: Mapping[str, str], timeout: float) -> Any:
    """Run Python with these arguments and parse the JSON on the last line of its output.

    Raises:
        RuntimeError: it failed; contains the last line of its error output.
        TimeoutExpired: it did not end within `timeout` seconds, and was stopped.
    """
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, **variables, "PYTHONPATH": python_path()},
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        raise RuntimeError(failure_message(done))
    return json.loads(done.stdout.strip().splitlines()[-1])


def run_with_timeout(command: Sequence[str], timeout: float) -> int | None:
    """The exit status of a command; None if it timed out and was killed with its children."""
    process = subprocess.Popen(command, start_new_session=True)
    try:
        return process.wait(max(0.0, timeout))
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def failure_message(done: subprocess.CompletedProcess[str]) -> str:
    """The last error line of a failed process, or its exit status."""
    return last_line(done.stderr) or f"exit status {done.returncode}"


def last_line(text: str) -> str:
    """The last line that is not empty, "" if there is none."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("error: ") if lines else ""
