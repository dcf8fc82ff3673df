"""`rosetta bench`."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from common import UsageError
from common.backends import TITLES, prepare_environment
from common.bench.output import HEADS, Measurement, cells, to_json, to_markdown
from common.cli.application import (
    Backends,
    Device,
    Precision,
    Systems,
    app,
    check_backends,
    check_device,
    check_precision,
)
from common.files import write_bytes
from common.processes.child import run_python
from common.systems import SYSTEMS, find_system

QUICK = {"pairs": 5, "seconds": 0.3}
THOROUGH = {"pairs": 15, "seconds": 1.0}
QUICK_BATCH = 16  # largest batch with --quick
TIMEOUT = 1800.0


@app.command()
def bench(
    systems: Systems = None,
    backends: Backends = "",
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer and shorter blocks, batches of 16 at most.")
    ] = False,
    batch_size: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Samples per update; default: the system's own."),
    ] = None,
    multiples: Annotated[
        str,
        typer.Option(metavar="LIST", help="Multiples of the batch, as in 1,4,16; default: 1."),
    ] = "",
    device: Device = "cpu",
    precision: Precision = "exact",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Also write the figures, as .json or as .md."),
    ] = None,
) -> None:
    """Time each port's training step against a plain loop in the same framework.

    Both are timed alternately in one process. A ratio below 1 means that the port is faster; its
    interquartile range is in brackets. The table also shows real samples per second, the step's
    rate of floating-point operations as a share of a large matrix product's, the first step with
    its compiling, peak memory and the share of the time that a run waits for its data.

    With [bold]--precision fast[/bold] each port is timed against itself in float32, and the table
    shows how far its loss and gradients are from float32's.
    """
    check_device(device)
    check_precision(precision)
    if out is not None and out.suffix not in (".json", ".md"):
        raise UsageError(
            f"{out}: figures are written as JSON or Markdown; name a .json or .md file"
        )
    names = [find_system(name).name for name in (systems or SYSTEMS)]
    chosen = check_backends(backends)
    if precision == "fast" and device == "cpu" and not backends:
        chosen.remove("jittor")
        console = Console(stderr=True)
        console.print("without Jittor, which has no usable bfloat16 on a CPU", soft_wrap=True)
    size: dict[str, Any] = {
        "quick": quick,
        "batch_size": batch_size,
        "factors": _factors(multiples),
    }
    measurements = list(_measured(names, chosen, **size, device=device, precision=precision))
    _print(measurements, HEADS[precision])
    if out is not None:
        from common.backends.inspection import installed_versions

        versions = {name: installed_versions(name) for name in chosen}
        write = to_markdown if out.suffix == ".md" else to_json
        write_bytes(out, write(measurements, versions).encode())
    if any("problem" in measurement for measurement in measurements):
        raise typer.Exit(1)


def _factors(text: str) -> list[int]:
    """The numbers of a list such as "1,4,16"; the batch itself, if there is none.

    Raises:
        UsageError: something else stands there.
    """
    parts = [part.strip() for part in text.split(",")] if text else ["1"]
    if not all(part.isdecimal() and int(part) for part in parts):
        raise UsageError(f"--multiples {text}: give whole numbers from 1 on, as in 1,4,16")
    return [int(part) for part in parts]


def _measured(
    names: Sequence[str],
    backends: Sequence[str],
    *,
    quick: bool,
    batch_size: int | None,
    factors: Sequence[int],
    device: str,
    precision: str,
) -> Iterator[Measurement]:
    rows = [(name, backend, by) for name in names for backend in backends for by in factors]
    console = Console(stderr=True)
    for name, backend, factor in track(rows, "timing", console=console, transient=True):
        own = find_system(name).batch_size
        size = factor * (batch_size or (min(QUICK_BATCH, own) if quick else own))
        row = {"system": name, "backend": backend, "batch_size": size}
        how = {"device": device, "precision": precision}
        yield _measure(row | how | (QUICK if quick else THOROUGH))


def _measure(request: Measurement) -> Measurement:
    """The measurement of one system in one port, or the request with its problem."""
    try:
        answer: Measurement = run_python(
            ["-m", "common.bench", json.dumps(request)],
            variables=prepare_environment(request["device"]),
            timeout=TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        return request | {"problem": f"hung: stopped after {TIMEOUT:.0f} s"}
    except RuntimeError as error:
        return request | {"problem": str(error)}
    return answer


def _print(measurements: Sequence[Measurement], heads: Sequence[str]) -> None:
    table = Table(box=box.SIMPLE, padding=0, collapse_padding=True)
    # The speed of the other is left to the files: at 80 columns there is no room for it.
    for head in ("system", "backend", *heads[2:5], *heads[6:]):
        longest = max(map(len, head.split()))
        whole = head in ("system", "ratio")
        table.add_column(head, no_wrap=whole, overflow="fold", min_width=longest)
    for measurement in measurements:
        row = cells(measurement)
        table.add_row(row[0], measurement["backend"], *row[2:5], *row[6:])
    console = Console()
    console.print(table)
    for failed in (each for each in measurements if "problem" in each):
        message = f"{failed['system']} in {TITLES[failed['backend']]}: {failed['problem']}"
        console.print(escape(message), soft_wrap=True)
