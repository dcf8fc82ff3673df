"""A port's process: started once, asked in lines of JSON, and named if it fails."""

import json
import os
import selectors
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from time import monotonic
from typing import Any

from common.backends import prepare_environment
from common.check.ports import PortFile
from common.processes.child import last_line, share_of_threads

RUNNER = Path(__file__).parent / "child" / "runner.py"
MODULES = {
    "torch": ("torch",),
    "tf": ("tensorflow", "keras"),
    "jax": ("jax", "flax", "optax"),
    "jittor": ("jittor",),
    "numpy": (),
}


class PortError(Exception):
    """A port that cannot be compared.

    `usage` is whether its file or its interpreter has to be mended, not what it computes.
    """

    def __init__(self, port: PortFile, message: str, *, usage: bool) -> None:
        super().__init__(message)
        self.port, self.usage = port, usage


class Session:
    """One port in a process of its own, for one floating-point type."""

    def __init__(self, port: PortFile, dtype: str, *, processes: int, timeout: float) -> None:
        self.port, self.dtype, self.timeout = port, dtype, timeout
        self.errors = TemporaryFile()  # noqa: SIM115
        options = {"path": str(port.path), "tracing": port.tracing, "dtype": dtype}
        environment = {**os.environ, **share_of_threads(processes), **prepare_environment("cpu")}
        try:
            self.process = subprocess.Popen(
                [port.python, str(RUNNER), json.dumps(options)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.errors,
                env=environment,
                start_new_session=True,
                text=True,
            )
        except OSError as error:
            message = f"{port.python}: cannot be started ({error.strerror}); is it a python?"
            raise PortError(port, message, usage=True) from None

    def ask(self, **request: Any) -> dict[str, Any]:
        """The answer to one request.

        Raises:
            PortError: the port refused, raised an exception, ended or took too long.
        """
        try:
            assert self.process.stdin is not None
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        except OSError:
            raise self._ended() from None
        answer = self._answer(str(request["do"]))
        if "problem" in answer:
            raise self._refused(answer["problem"])
        return answer

    def kill(self) -> None:
        """End the process and its children; whoever waits for an answer is told so."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the process and its children, and forget what they said."""
        self.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.errors):
            with suppress(BrokenPipeError):
                stream.close()  # type: ignore[union-attr]

    def _answer(self, request: str) -> dict[str, Any]:
        assert self.process.stdout is not None
        until, text = monotonic() + self.timeout, ""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while not text.endswith("\n"):
                if not selector.select(max(0.0, until - monotonic())):
                    raise self._hung(request)
                part = os.read(self.process.stdout.fileno(), 1 << 16).decode()
                if not part:
                    raise self._ended()
                text += part
        answer: dict[str, Any] = json.loads(text)
        return answer

    def _hung(self, request: str) -> PortError:
        self.close()
        what = {"run": "its steps", "draw": "drawing its arrays"}.get(request, "its import")
        message = (
            f"{self.port.path}: {what} took more than {self.timeout:.0f} s and was stopped; give "
            "it longer with --timeout, or smaller arrays"
        )
        return PortError(self.port, message, usage=False)

    def _ended(self) -> PortError:
        status = self.process.wait()
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        said = f" ({line})" if (line := self._last_error()) else ""
        if "No module named" in line and ("numpy" in line or "safetensors" in line):
            message = f"{self.port.python}: needs NumPy and safetensors{said}; install them there"
            return PortError(self.port, message, usage=True)
        message = f"{self.port.path}: its process {how}{said}; run the file alone to see why"
        return PortError(self.port, message, usage=False)

    def _last_error(self) -> str:
        self.errors.seek(0)
        return last_line(self.errors.read().decode(errors="replace"))[:300]

    def _refused(self, problem: Mapping[str, Any]) -> PortError:
        port, message = self.port, problem["message"]
        if problem["kind"] == "refused":
            return PortError(port, f"{port.path}: {message}", usage=True)
        missing = (problem["missing"] or "").partition(".")[0]
        if missing and missing in MODULES[port.framework]:
            message = (
                f"{port.path}: {port.title} is not installed in {port.python}; install it there, "
                f"or name another interpreter: --python {port.name}=/path/to/python"
            )
            return PortError(port, message, usage=True)
        place = f"{port.path}:{problem['line']}" if problem["line"] else str(port.path)
        remedy = "mend this line, or what it calls" if problem["line"] else "mend what it imports"
        if missing:
            remedy = f"install it in {port.python}, or put it beside the file"
        return PortError(port, f"{place}: {message}; {remedy}", usage=True)
