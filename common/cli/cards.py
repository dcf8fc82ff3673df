"""`rosetta controls` and `rosetta card`: checks of a GPU."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from common import unknown
from common.cli.application import Device, Seed, Timeout, app, check_backends, check_device
from common.files import make_folder, write_bytes
from common.parity.pieces import PIECES, commands
from common.processes.child import run_with_timeout

if TYPE_CHECKING:
    from common.parity.controls import Control

Backends = Annotated[str, typer.Option(metavar="LIST", help="As in torch,jax; default: all four.")]
OutFolder = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the reports.")]


@app.command()
def controls(
    backends: Backends = "",
    device: Device = "cuda",
    seed: Seed = 0,
    timeout: Timeout = 1800,
    out: OutFolder = Path("controls-report"),
) -> None:
    """Show that a comparison on this device can fail; without that, figures mean nothing.

    Correct float32 runs must agree, and repeated ones must be equal in every byte; a run that
    rounds as TF32 does must fail the comparison. Writes report.json, report.html and controls.json.
    """
    check_device(device)
    chosen = check_backends(backends)
    from common.cli.reporting import require_device, wide_console, workers, write_report
    from common.cli.watching import Screen
    from common.parity.controls import SYSTEMS, control_jobs, run_controls
    from common.parity.tasks import Plan

    require_device(chosen, device)
    make_folder(out)
    jobs = control_jobs(chosen, device)
    plan = Plan(jobs, SYSTEMS, (), seed, timeout, workers())
    screen = Screen(plan, wide_console())
    with TemporaryDirectory(prefix="rosetta-") as folder, screen.live:
        comparison, answers = run_controls(plan, Path(folder), screen)
    write_report(comparison, out)
    write_bytes(out / "controls.json", json.dumps([asdict(c) for c in answers], indent=1).encode())
    Console().print(_answers(answers))
    if not all(control.passed for control in answers):
        Console().print(
            "[red]stop here:[/red] results of this machine mean nothing until every control passes",
            soft_wrap=True,
        )
        raise typer.Exit(1)


def _answers(answers: "Sequence[Control]") -> Table:
    table = Table("control", "answer", "passed")
    for control in answers:
        mark = "[green]yes[/green]" if control.passed else "[red]no[/red]"
        table.add_row(escape(control.name), escape(control.words), mark)
    return table


@app.command()
def card(
    pieces: Annotated[
        list[str] | None, typer.Argument(metavar="[PIECE]...", help="Default: list them.")
    ] = None,
    backends: Annotated[str, typer.Option(metavar="LIST", help="As in torch,jax.")] = "torch,jax",
    device: Device = "cuda",
    timeout: Annotated[
        float, typer.Option(min=1, metavar="N", help="Time limit for one piece, in seconds.")
    ] = 560,
    out: OutFolder = Path("card-report"),
) -> None:
    """Check a GPU in pieces of under ten minutes each, for machines with a time limit.

    Without a PIECE it lists them, in the order in which to run them: controls come before any
    float32 figure. Each writes its own folder below DIR; `rosetta compare DIR/*/report.json`
    merges their reports into one.
    """
    check_device(device)
    check_backends(backends)
    for piece in pieces or ():
        if piece not in PIECES:
            raise unknown("piece", piece, PIECES)
    if not pieces:
        _list(backends, device, out)
        return
    failed = [p for p in pieces if not _run(p, backends, device, out, timeout)]
    if failed:
        Console().print(f"[red]failed:[/red] {', '.join(failed)}", soft_wrap=True)
        raise typer.Exit(1)


def _list(backends: str, device: str, out: Path) -> None:
    table = Table("piece", "what it does")
    for name, piece in PIECES.items():
        table.add_row(name, piece.title)
    console = Console()
    console.print(table)
    first = next(iter(PIECES))
    options = f"--backends {backends} --device {device} --out {out}"
    console.print(f"next: python3 -m common card {first} {options}", soft_wrap=True)


def _run(piece: str, backends: str, device: str, out: Path, timeout: float) -> bool:
    """Whether every command of a piece succeeded within its time."""
    console, ends = Console(), monotonic() + timeout
    make_folder(out / piece)
    options = {"backends": backends, "device": device, "out": str(out / piece)}
    # Leave time to compare the others if one recording hangs.
    options["seconds"] = f"{0.9 * timeout:.0f}"
    for command in commands(piece, options):
        console.print(f"[bold]$ python3 -m common {' '.join(command)}[/bold]", soft_wrap=True)
        status = run_with_timeout([sys.executable, "-m", "common", *command], ends - monotonic())
        if status is None:
            console.print(f"[red]{piece}: stopped after {timeout:.0f} s[/red]")
        if status != 0:
            return False
    return True
