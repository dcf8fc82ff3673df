"""A comparison on the screen, and what every form of report shares."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from common.parity.causes import causes
from common.parity.findings import findings
from common.parity.results import Comparison, Result, Run

Group = tuple[str, str, str]  # "system (loss)", kind, quantity
SHOWN = 20  # findings on the screen; the report has all


def severity(result: Result) -> float:
    """Error over bound: above 1 is a failure, infinite where nothing could be measured."""
    if result.error is None:
        return math.inf
    if result.bound == 0:
        return 0.0 if result.error == 0 else math.inf
    return result.error / result.bound


def group(result: Result) -> Group:
    """The line of the table that a result belongs to."""
    return f"{result.system} ({result.loss})", result.kind, result.quantity


def runs_of(results: Iterable[Result]) -> list[Run]:
    """The columns of the table: devices and types apart, backends side by side."""
    return sorted({r.run for r in results}, key=lambda run: (run.device, run.dtype, run))


def worst_of_each_run(results: Iterable[Result]) -> list[Result]:
    """For each run, the result nearest to its bound or furthest past it."""
    worst: dict[Run, Result] = {}
    for result in results:
        worst[result.run] = worse(worst.get(result.run), result)
    return list(worst.values())


def cells(results: Iterable[Result]) -> dict[Group, dict[Run, Result]]:
    """The worst result of every cell of the table."""
    table: dict[Group, dict[Run, Result]] = {}
    for result in results:
        line = table.setdefault(group(result), {})
        line[result.run] = worse(line.get(result.run), result)
    return table


def worse(one: Result | None, other: Result) -> Result:
    """Whichever lies nearer to its bound or further past it."""
    return other if one is None or severity(other) > severity(one) else one


def show(comparison: Comparison, console: Console, *, table: bool = True) -> None:
    """Print the verdict, a line for each cause, the tables and what went wrong first in each case.

    Without `table`, if its lines have already been printed.
    """
    show_verdict(comparison, console)
    if table:
        console.print(_table(comparison.results))
    console.print(_worst_table(comparison.results))
    show_findings(comparison, console)
    for note in comparison.notes:
        console.print(f"[yellow]note:[/yellow] {escape(note)}", soft_wrap=True)
    if comparison.left_out:
        console.print(
            f"{len(comparison.left_out)} tensors left out by name, with their dependents: "
            "true gradient zero (listed in the report)"
        )
    if not comparison.ok:
        show_verdict(comparison, console)


def show_verdict(comparison: Comparison, console: Console) -> None:
    """Print whether parity holds, and one line for each cause if it does not."""
    failed = sum(not result.ok for result in comparison.results)
    verdict = "[green]parity holds[/green]" if comparison.ok else "[red]parity does not hold[/red]"
    console.print(
        f"{verdict}: {comparison.made} of {comparison.expected} comparisons made, {failed} failed"
    )
    for cause in causes(comparison.results):
        console.print(f"[red]✗[/red] {escape(cause.sentence)}", soft_wrap=True)


def show_findings(comparison: Comparison, console: Console) -> None:
    """Print what went wrong first in each run and case."""
    listed = findings(comparison.results)
    for finding in listed[:SHOWN]:
        head = f"[red]✗[/red] [bold]{escape(finding.run)}[/bold], {escape(finding.case)}"
        phase = escape(finding.phase)
        console.print(f"{head}: [red]{phase}[/red]; {escape(finding.words)}", soft_wrap=True)
    if len(listed) > SHOWN:
        console.print(f"  … and {len(listed) - SHOWN} more in the report")


def _table(results: Sequence[Result]) -> Table:
    runs = runs_of(results)
    table = Table(title="The error nearest to its bound, of any tensor; every quantity: the report")
    for heading in ("system (loss)", "kind"):
        table.add_column(heading, no_wrap=True)
    for run in runs:
        table.add_column(_heading(run), justify="right", no_wrap=True)
    lines: dict[tuple[str, str], dict[Run, Result]] = {}
    for (system, kind, _), by_run in cells(results).items():
        line = lines.setdefault((system, kind), {})
        for run, result in by_run.items():
            line[run] = worse(line.get(run), result)
    for key, line in lines.items():
        table.add_row(*map(escape, key), *(cell(line.get(run)) for run in runs))
    return table


def _heading(run: Run) -> str:
    """A run in a narrow column."""
    version = run.version.partition("+")[0]
    kind = run.dtype if run.device == "cpu" else f"{run.device} {run.dtype}"
    return escape("\n".join(filter(None, (f"{run.backend} {version}", kind, run.file))))


def cell(result: Result | None) -> str:
    """An error and whether it passed, in as few characters as it takes."""
    if result is None:
        return "·"
    text = "—" if result.error is None else f"{result.error:.0e}"
    return f"[green]{text} ok[/green]" if result.ok else f"[red]{text} ✗[/red]"


def _worst_table(results: Sequence[Result]) -> Table:
    table = Table(title="The tensor nearest to its bound, in each run")
    for heading in ("run", "system (loss, kind)", "quantity", "tensor", "step", "error", "bound"):
        table.add_column(heading)
    for result in worst_of_each_run(results):
        error = "—" if result.error is None else f"{result.error:.1e}"
        about: tuple[Any, ...] = (result.run, result.case, result.quantity, result.tensor)
        table.add_row(*map(escape, map(str, about)), str(result.step), error, f"{result.bound:.1e}")
    return table
