"""`rosetta doctor`."""

import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from common.cli.application import AsJson, Backends, Device, app, check_backends, check_device


@app.command()
def doctor(device: Device = "cpu", backends: Backends = "", as_json: AsJson = False) -> None:
    """Show each backend's version and devices, what is wrong with it and how to fix it.

    With [bold]--device cuda[/bold], also what is missing for computing on a GPU.
    """
    check_device(device)
    chosen = check_backends(backends)
    from common.backends.inspection import examine, installed_versions
    from common.setup.prepare_jittor import core_is_compiled

    console, errors = Console(), Console(stderr=True)
    errors.print("importing each framework in a separate process …")
    if "jittor" in chosen and installed_versions("jittor") and not core_is_compiled():
        errors.print("Jittor compiles its core first; about three minutes on two cores, once")
    with errors.status(""), ThreadPoolExecutor(2) as pool:
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
            line = f"{report['title']}: {report['problem']}; {report['remedy']}"
            console.print(escape(line), soft_wrap=True)
    if not any(report["devices"] for report in reports):
        raise typer.Exit(1)


def _pairs(versions: dict[str, str]) -> str:
    return "\n".join(f"{name} {number}" for name, number in versions.items())


def _state(report: dict[str, Any]) -> str:
    problem = escape(report["problem"])
    return f"[red]{problem}[/red]" if problem else "[green]ok[/green]"
