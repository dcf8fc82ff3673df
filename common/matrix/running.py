"""Build, record and compare; the report, and the book's page of it."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.table import Table

from common.backends import BACKENDS
from common.cli.reporting import wide_console, workers, write_report
from common.cli.watching import watch_parity
from common.files import write_bytes
from common.matrix.building import build, describe, executable
from common.matrix.declaration import PINNED, Environment
from common.matrix.page import condense, page, versions_table
from common.parity.jobs import Interpreter, Job, matrix_jobs
from common.parity.tasks import Plan
from common.setup.command_runner import CommandRunner
from common.systems import SYSTEMS

AT_ONCE = 2  # environments: an installation waits now for the network and now for the disk
SECONDS = 1800.0  # that one recording may take
STOPPED = 130  # the exit status of a shell after Ctrl-C


def build_all(environments: Mapping[Environment, str]) -> list[Environment]:
    """The environments that could be built, each with its Python; says which could not."""
    with CommandRunner(workers=AT_ONCE) as runner:
        jobs = [
            runner.start(lambda e=environment, p=python: build(runner, e, p))  # type: ignore[misc]
            for environment, python in environments.items()
        ]
        done = dict(zip(environments, runner.wait(*jobs), strict=True))
        for environment, succeeded in done.items():
            if not succeeded:
                runner.say(f"error: {environment.name} could not be built; see pip's output above")
    return [environment for environment, succeeded in done.items() if succeeded]


def run_matrix(
    built: Sequence[Environment], systems: Sequence[str], out: Path, *, docs: Path | None = None
) -> int:
    """Record every system in every environment and compare all; 1 if something disagrees.

    Writes report.json, report.html and matrix.md to `out`, and the last with matrix.json to
    `docs`/results, if given. Ctrl-C keeps the recordings, and the same command continues.
    """
    interpreters = {PINNED: describe(PINNED, sys.executable)}
    interpreters |= {e.name: describe(e.name, executable(e)) for e in built}
    jobs = plan(interpreters, built, systems)
    console = wide_console()
    console.print(_versions(list(interpreters.values())))
    whole = Plan(jobs, tuple(systems), timeout=SECONDS, workers=workers())
    comparison = watch_parity(whole, out, console)
    if comparison is None:
        return STOPPED
    write_report(comparison, out, table=False)
    about = {e.name: e.about for e in built}
    figures = condense(comparison, interpreters, about)
    for folder in [out] + ([docs / "results"] if docs else []):
        write_bytes(folder / "matrix.json", (json.dumps(figures, indent=1) + "\n").encode())
        write_bytes(folder / "matrix.md", page(figures).encode())
        console.print(f"table: {folder / 'matrix.md'}", soft_wrap=True)
    return 0 if comparison.ok else 1


def plan(
    interpreters: Mapping[str, Interpreter],
    built: Sequence[Environment],
    systems: Sequence[str] = (),
) -> tuple[Job, ...]:
    """What is recorded: the pinned environment records all, the others what they declare.

    A framework of a few systems takes part in a run of some only with those that both name.
    """
    held = {interpreters[PINNED]: list(BACKENDS)}
    held |= {interpreters[e.name]: e.backends for e in built}
    fewer = {(e.name, backend): names for e in built for backend, names in e.systems}
    return matrix_jobs(held, fewer, tuple(systems or SYSTEMS))


def _versions(interpreters: Sequence[Interpreter]) -> Table:
    head, rows = versions_table({i.name: dict(i.packages) for i in interpreters})
    table = Table(*head)
    for row in rows:
        table.add_row(*row)
    return table
