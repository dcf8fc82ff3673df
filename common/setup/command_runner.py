"""Commands that run beside each other, told line by line with the seconds since the start."""

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

SILENCE = 30.0  # seconds after which what still runs is told again
GRACE = 10.0  # seconds in which what is interrupted may tidy up


class CommandRunner:
    """Runs commands; as a context it ends those that still run when an exception leaves it."""

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
            left = list(self._running.values())
        _interrupt(left)
        self._threads.shutdown()

    def say(self, line: str) -> None:
        """One line, whole even where several are said at once; nothing once interrupted."""
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
        """Whether a command succeeds; `what` it does is told, and its own words where `shown`."""
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
        """Begin a job beside the others."""
        return self._threads.submit(job)

    def wait(self, *jobs: Future[bool]) -> list[bool]:
        """What each job returned, once all have ended; a long silence is broken."""
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
            # In a session of its own it can be ended with all its children, and only by this one.
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
    """End processes with their children: as Ctrl-C does, then for good."""
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
