"""`rosetta bench`."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from common.backends import TITLES, prepare_environment
from common.bench.output import HEADS, Row, cells, to_json, to_markdown
from common.cli.application import Backends, Device, Systems, app, check_backends, check_device
from common.files import write_bytes
from common.processes.child import run_python
from common.systems import SYSTEMS, find_system

QUICK = {"pairs": 5, "seconds": 0.3}
THOROUGH = {"pairs": 15, "seconds": 1.0}
QUICK_BATCH = 16  # at most
HANGING = 1800.0


@app.command()
def bench(
    systems: Systems = None,
    backends: Backends = "",
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer and shorter blocks, batches of 16 at most.")
    ] = False,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Samples an update; the row's own if left out.")
    ] = None,
    device: Device = "cpu",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Also write the figures, as .json or as .md."),
    ] = None,
) -> None:
    """Time each port's step beside the plainest loop of its framework, in turns in one process.

    A ratio below 1 means that the port is the faster one; its spread is that of the middle half
    of the pairs. Real samples a second, peak memory and the share of the time that a run waits
    for its data stand beside it.
    """
    check_device(device)
    names = [find_system(name).name for name in (systems or SYSTEMS)]
    chosen = check_backends(backends)
    found = list(_measured(names, chosen, quick, batch_size, device))
    _print(found)
    if out is not None:
        from common.backends.inspection import installed_versions

        versions = {name: installed_versions(name) for name in chosen}
        write = to_markdown if out.suffix == ".md" else to_json
        write_bytes(out, write(found, versions).encode())
    if any("problem" in row for row in found):
        raise typer.Exit(1)


def _measured(
    names: Sequence[str], backends: Sequence[str], quick: bool, batch_size: int | None, device: str
) -> Iterator[Row]:
    pairs = [(name, backend) for name in names for backend in backends]
    console = Console(stderr=True)
    for name, backend in track(pairs, "timing", console=console, transient=True):
        size = batch_size or (min(QUICK_BATCH, find_system(name).batch_size) if quick else None)
        request = {"system": name, "backend": backend, "device": device, "batch_size": size}
        yield _ask(request | (QUICK if quick else THOROUGH))


def _ask(request: Row) -> Row:
    """What one row in one port was measured at, or its problem."""
    try:
        answer: Row = run_python(
            ["-m", "common.bench", json.dumps(request)],
            variables=prepare_environment(request["device"]),
            timeout=HANGING,
        )
    except subprocess.TimeoutExpired:
        return request | {"problem": f"hung: stopped after {HANGING:.0f} s"}
    except RuntimeError as error:
        return request | {"problem": str(error)}
    return answer


def _print(found: Sequence[Row]) -> None:
    table = Table(*HEADS)
    for row in found:
        table.add_row(*cells(row))
    console = Console()
    console.print(table)
    for row in (row for row in found if "problem" in row):
        words = f"{row['system']} in {TITLES[row['backend']]}: {row['problem']}"
        console.print(escape(words), soft_wrap=True)
