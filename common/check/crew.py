"""All ports at work: each in its process, asked at the same time, those that fail set aside."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self, TypeVar

from common.check.arrays import Given
from common.check.layouts.names import Names, parse_names
from common.check.ports import PortFile
from common.check.runs import Key, Run, Values, load_run, write_feed
from common.check.sessions import PortError, Session

T = TypeVar("T")


class Feed(NamedTuple):
    """The run whose arrays are replaced, and the arrays of the same names that replace them."""

    run: Run
    reference: Mapping[Key, Values]
    except_for: Iterable[Key] = ()


class Crew:
    """The ports' processes for one floating-point type; `problems` are of those that failed."""

    def __init__(
        self, ports: Sequence[PortFile], dtype: str, folder: Path, *, timeout: float
    ) -> None:
        self.dtype, self.folder, self.timeout = dtype, folder, timeout
        self.ports = {port.name: port for port in ports}
        self.sessions: dict[str, Session] = {}
        self.names: dict[str, Names] = {}
        self.defines: dict[str, list[str]] = {}
        self.versions: dict[str, dict[str, str]] = {}
        self.problems: list[PortError] = []
        self.networks: dict[str, list[str]] = {}
        self.files: dict[str, Path] = {}
        self.stopped = False
        self._count = 0

    def __enter__(self) -> Self:
        try:
            self.each(list(self.ports), self._start)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all processes."""
        for session in self.sessions.values():
            session.close()

    @property
    def able(self) -> list[str]:
        """The ports that have not failed, in the order in which they were named."""
        failed = {problem.port.name for problem in self.problems}
        return [name for name in self.ports if name not in failed]

    def each(self, names: Sequence[str], work: Callable[[str], T]) -> dict[str, T]:
        """What the work returns for each port, several at a time; a failure sets a port aside."""
        done: dict[str, T] = {}

        def attempt(name: str) -> None:
            try:
                if not self.stopped:
                    done[name] = work(name)
            except PortError as error:
                self.problems.append(error)

        with ThreadPoolExecutor(max(1, min(len(names), os.cpu_count() or 1))) as pool:
            try:
                list(pool.map(attempt, names))
            except BaseException:  # Ctrl-C, which nobody should have to wait for
                self.stopped = True
                for session in list(self.sessions.values()):
                    session.kill()
                raise
        return {name: done[name] for name in names if name in done}

    def run(self, name: str, given: Given, *, trace: bool, feed: Feed | None = None) -> Run:
        """One run of a port; what is fed takes the place of its own arrays.

        Raises:
            PortError: the port failed.
        """
        self._count += 1
        folder = self.folder / f"{self._count}-{self.dtype}"
        weights, inputs = given.written(folder, self.names[name], self.dtype)
        fed, out = folder / "feed.safetensors", folder / "run.safetensors"
        if feed is not None:
            write_feed(fed, *feed)
        answer = self.sessions[name].ask(
            do="run",
            weights=weights,
            inputs=inputs,
            trace=trace,
            feed=None if feed is None else str(fed),
            out=str(out),
        )
        self.networks[name], self.files[name] = answer["networks"], out
        return self.reload(name)

    def reload(self, name: str) -> Run:
        """A port's latest run, under the names and in the layouts that are known by now."""
        return load_run(self.files[name], self.names[name])

    def _start(self, name: str) -> None:
        port = self.ports[name]
        processes = min(len(self.ports), os.cpu_count() or 1)
        session = Session(port, self.dtype, processes=processes, timeout=self.timeout)
        self.sessions[name] = session
        if self.stopped:
            session.kill()
        described = session.ask(do="describe")
        self.defines[name], self.versions[name] = described["defines"], described["versions"]
        one = len({port.framework for port in self.ports.values()}) == 1
        try:
            names = parse_names(described["names"], port.framework, conventions=not one)
        except ValueError as error:
            raise PortError(port, f"{port.path}: {error}", usage=True) from None
        self.names[name] = names
