"""Commands that tell: doctor, systems, params, status."""

import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from common.catalogue import SYSTEMS, find_system
from common.cli.application import (
    AsJson,
    Backends,
    Device,
    Settings,
    SystemName,
    app,
    check_backends,
    check_device,
)
from common.comparison.status import condense, markdown, read_report
from common.contract import contract, count_trainable
from common.examining import examine
from common.settings import apply_settings, settable
from common.version import ROOT


@app.command()
def doctor(device: Device = "cpu", backends: Backends = "", as_json: AsJson = False) -> None:
    """Say of each backend: its version, the devices it sees, what is wrong and what mends it.

    With [bold]--device cuda[/bold], also what each lacks to compute on a card.
    """
    check_device(device)
    chosen = check_backends(backends)
    console = Console()
    waiting = Console(stderr=True).status("importing each framework in a process of its own …")
    with waiting, ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(partial(examine, device=device), chosen))
    if as_json:
        print(json.dumps(reports, indent=1))
    else:
        table = Table("backend", "versions", "devices", "state")
        for report in reports:
            table.add_row(
                report["title"],
                _pairs(report["versions"]),
                "\n".join(report["devices"]),
                _state(report),
            )
        console.print(table)
        for report in (report for report in reports if report["problem"]):
            console.print(f"{report['title']}: {escape(report['remedy'])}", soft_wrap=True)
    if not any(report["devices"] for report in reports):
        raise typer.Exit(1)


@app.command()
def systems(as_json: AsJson = False) -> None:
    """List the systems with their sizes, parameter counts and sources."""
    if as_json:
        print(json.dumps([_system(name) for name in SYSTEMS], indent=1, ensure_ascii=False))
        return
    table = Table("system", "what and whence", "loss", "parameters", show_lines=True)
    for name, row in SYSTEMS.items():
        g, d = (count_trainable(row, network) for network in ("generator", "discriminator"))
        source = f"{row.title}\n[dim]{row.seed}: {row.citation}[/dim]"
        table.add_row(name, source, row.loss, f"G {g:>10,}\nD {d:>10,}")
    Console().print(table)


@app.command()
def params(system: SystemName, settings: Settings = None, as_json: AsJson = False) -> None:
    """List every tensor of a system's networks, in forward order, generator first."""
    row = apply_settings(find_system(system), settings or ())
    tensors = [
        {
            "name": p.name,
            "network": p.network,
            "kind": p.kind,
            "shape": list(p.shape),
            "trainable": p.trainable,
        }
        for p in contract(row)
    ]
    if as_json:
        print(json.dumps(tensors, indent=1))
        return
    table = Table("network", "name", "kind", "shape")
    for tensor in tensors:
        shape = " × ".join(map(str, tensor["shape"]))  # type: ignore[call-overload]
        table.add_row(str(tensor["network"]), str(tensor["name"]), str(tensor["kind"]), shape)
    Console().print(table)
    Console().print(f"--set takes: {', '.join(settable(row))}", highlight=False)


@app.command()
def status(
    source: Annotated[
        Path, typer.Option("--from", metavar="FILE", help="A report.json, or a kept summary.")
    ] = ROOT / "docs" / "results" / "cpu.json",
    save: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep the summary of the report here.")
    ] = None,
) -> None:
    """Print the README's table of system × framework from what was measured."""
    report = read_report(source)
    condensed = condense(report) if "results" in report else report
    if save:
        from common.files import write_bytes

        write_bytes(save, (json.dumps(condensed, indent=1) + "\n").encode())
    print(markdown(condensed))


def _system(name: str) -> dict[str, Any]:
    row = SYSTEMS[name]
    return {
        "name": name,
        "title": row.title,
        "seed": row.seed,
        "citation": row.citation,
        "parameters": {net: count_trainable(row, net) for net in ("generator", "discriminator")},
        "options": settable(row),
    }


def _pairs(versions: dict[str, str]) -> str:
    return "\n".join(f"{name} {number}" for name, number in versions.items())


def _state(report: dict[str, Any]) -> str:
    problem = escape(report["problem"])
    return f"[red]{problem}[/red]" if problem else "[green]ok[/green]"
