"""Run commands in parallel and print their progress with the seconds since the start."""

import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from subprocess import DEVNULL, PIPE, STDOUT, Popen, TimeoutExpired
from threading import Lock
from time import monotonic
from typing import Self

SILENCE = 30.0  # seconds after which the running commands are printed again
GRACE = 10.0  # seconds that an interrupted command has to clean up


class CommandRunner:
    """Runs commands; as a context manager, it ends those still running at exit."""

    def __init__(self, *, workers: int = 16) -> None:
        self._start = monotonic()
        self._running: dict[str, Popen[str]] = {}
        self._stopped = False
        self._lock = Lock()
        self._threads = ThreadPoolExecutor(workers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        with self._lock:
            self._stopped = True
            running = list(self._running.values())
        _interrupt(running)
        self._threads.shutdown()

    def say(self, line: str) -> None:
        """Print a line without mixing it with others; nothing after an interruption."""
        if self._stopped:
            return
        sys.stdout.write(f"{monotonic() - self._start:4.0f} s  {line}\n")
        sys.stdout.flush()

    def run(
        self,
        what: str,
        command: Sequence[str],
        *,
        shown: bool = False,
        variables: Mapping[str, str] | None = None,
    ) -> bool:
        """Run a command; whether it succeeded. Prints `what` it does, and its output if `shown`."""
        process = self._begin(what, command, variables or {})
        if process is None:
            return False
        with process:
            for line in process.stdout or ():
                if shown:
                    self.say(line.rstrip())
            succeeded = process.wait() == 0
        with self._lock:
            del self._running[what]
        self.say(f"{'done' if succeeded else 'FAILED'}: {what}")
        return succeeded

    def start(self, job: Callable[[], bool]) -> Future[bool]:
        """Start a job in parallel to the others."""
        return self._threads.submit(job)

    def wait(self, *jobs: Future[bool]) -> list[bool]:
        """Wait for all jobs and return their results; print now and then what is still running."""
        while wait(jobs, timeout=SILENCE).not_done:
            self.say(f"still {', '.join(list(self._running))}")
        return [job.result() for job in jobs]

    def _begin(
        self, what: str, command: Sequence[str], variables: Mapping[str, str]
    ) -> Popen[str] | None:
        with self._lock:
            if self._stopped:
                return None
            self.say(what)
            # In its own session, it can be ended together with all its children.
            self._running[what] = process = Popen(
                command,
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=STDOUT,
                text=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **variables},
                start_new_session=True,
            )
        return process


def _interrupt(processes: Sequence[Popen[str]]) -> None:
    """End processes and their children: with SIGINT first, then with SIGKILL."""
    for process in processes:
        _signal(process, signal.SIGINT)
    end = monotonic() + GRACE
    for process in processes:
        with suppress(TimeoutExpired):
            process.wait(max(0.0, end - monotonic()))
        _signal(process, signal.SIGKILL)


def _signal(process: Popen[str], number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
