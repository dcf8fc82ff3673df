"""Other Python processes of this project, and what they say."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from common import ROOT


def python_path() -> str:
    """What a child needs as PYTHONPATH to find this project from any folder."""
    return os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))


def share_of_threads(processes: int) -> dict[str, str]:
    """The variables that keep each of several processes beside each other to its own cores.

    Small networks in twice as many threads as cores take up to four times as long.
    """
    each = str(max(1, (os.cpu_count() or 1) // processes))
    of_tensorflow = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    return dict.fromkeys(("OMP_NUM_THREADS", "NPROC", *of_tensorflow), each)  # NPROC is XLA's


def run_python(arguments: Sequence[str], *, variables: Mapping[str, str], timeout: float) -> Any:
    """The JSON that Python, run with these arguments, prints on its last line.

    Raises:
        RuntimeError: it failed; with its last words.
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
    """The exit status of a command; None if its time ran out: then its children end with it."""
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
    """What a process that failed said last, or its exit status."""
    return last_line(done.stderr) or f"exit status {done.returncode}"


def last_line(text: str) -> str:
    """The last line that says anything, "" if none does."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("error: ") if lines else ""
