"""The processes that record, seen from the parent process."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from tempfile import TemporaryFile
from threading import Timer
from typing import Any, NamedTuple

from common.backends import FULL
from common.processes.child import last_line, python_path, share_of_threads

Progress = Callable[[str], None]


class Answer(NamedTuple):
    """How a task ended: what went wrong ("" if nothing), and what it took."""

    problem: str
    cpu_seconds: float = 0.0


@dataclass(frozen=True)
class Kind:
    """What a process must have loaded, and how its compilers must be set, to record a task."""

    backend: str
    device: str
    dtype: str
    exact: bool = True
    effort: str = FULL  # of JAX's compiler
    python: str = sys.executable
    devices: int = 1
    processes: int = 1


class Unusable(Exception):
    """A backend that could not be loaded: it can record nothing here."""


class Recorder:
    """A process that has loaded one backend and records one task after the other."""

    def __init__(self, kind: Kind, *, processes: int, timeout: float) -> None:
        """Start it.

        Args:
            kind: what it loads.
            processes: how many such processes share the cores.
            timeout: seconds that loading, and each task, may take.
        """
        self.kind, self.timeout = kind, timeout
        self.is_ready = self.is_late = False
        self._errors = TemporaryFile("w+", errors="replace")  # noqa: SIM115 (closed by close)
        loaded = asdict(kind)
        python = loaded.pop("python")
        self._process = subprocess.Popen(
            [
                *(python, "-m", "common.parity.recorder_process"),
                json.dumps(loaded),
            ],
            env=_environment(processes),
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )

    def record(self, task: dict[str, Any], progress: Progress) -> Answer:
        """Have a task recorded.

        Raises:
            Unusable: the backend cannot be loaded, and why.
        """
        if not self.is_ready:
            self._expect_ready()
        self._send(json.dumps(task))
        for answer in self._answers():
            if "problem" in answer:
                return Answer(**answer)
            progress(answer["case"])
        return Answer(self._last_words())

    def stop(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()

    def close(self) -> None:
        """End the process, and forget it."""
        self.stop()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            try:
                stream.close()  # type: ignore[union-attr]
            except BrokenPipeError:
                continue

    @property
    def is_alive(self) -> bool:
        """Whether it can record another task."""
        return self._process.poll() is None and not self.is_late

    def _expect_ready(self) -> None:
        answer = next(self._answers(), {"unusable": None})
        if "unusable" in answer:
            raise Unusable(answer["unusable"] or self._last_words())
        self.is_ready = True

    def _send(self, line: str) -> None:
        try:
            print(line, file=self._process.stdin, flush=True)
        except BrokenPipeError:
            return  # no answer comes, and the process' last words say why

    def _answers(self) -> Iterator[dict[str, Any]]:
        """What it says, until it ends or time is up."""
        timer = Timer(self.timeout, self._stop_late)
        timer.start()
        try:
            for line in self._process.stdout or ():
                yield json.loads(line)
        finally:
            timer.cancel()

    def _stop_late(self) -> None:
        self.is_late = True
        self.stop()

    def _last_words(self) -> str:
        if self.is_late:
            return f"hung: stopped after {self.timeout:.0f} s"
        status = self._process.wait()
        self._errors.seek(0)
        return last_line(self._errors.read()) or f"exit status {status}"


def _environment(processes: int) -> dict[str, str]:
    """Variables for a process that records: its share of the cores, unless somebody chose."""
    return {**share_of_threads(processes), **os.environ, "PYTHONPATH": python_path()}
