"""A comparison as JSON, and as tables on the screen."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from common.backends import TITLES
from common.comparison.results import Comparison, Result
from common.version import __version__

Group = tuple[str, str, str]  # "system (loss)", width, quantity


def summary(comparison: Comparison) -> dict[str, Any]:
    """The verdict, the counts, what was left out, and the worst tensor of every run."""
    failed = [result for result in comparison.results if not result.ok]
    return {
        "ok": comparison.ok,
        "rosetta": __version__,
        "comparisons_expected": comparison.expected,
        "comparisons_made": comparison.made,
        "rows": len(comparison.results),
        "rows_failed": len(failed),
        "left_out": comparison.left_out,
        "noisy_elements_left_out": comparison.noisy_elements,
        "worst": [asdict(result) for result in worst_of_each_run(comparison.results)],
    }


def to_json(comparison: Comparison) -> bytes:
    """The report: environment, results, summary."""
    report = {
        "environment": comparison.environments,
        "results": [asdict(result) for result in comparison.results],
        "summary": summary(comparison),
    }
    return json.dumps(report, indent=1, allow_nan=False).encode()


def severity(result: Result) -> float:
    """Error over bound: above 1 is a failure, infinite where nothing could be measured."""
    if result.error is None:
        return math.inf
    if result.bound == 0:
        return 0.0 if result.error == 0 else math.inf
    return result.error / result.bound


def group(result: Result) -> Group:
    """The row of the table that a result belongs to."""
    return f"{result.system} ({result.loss})", result.width, result.quantity


def run_of(result: Result) -> tuple[str, str, str]:
    """The column of the table that a result belongs to."""
    return result.backend, result.device, result.dtype


def worst_of_each_run(results: Iterable[Result]) -> list[Result]:
    """For each backend, device and type, the result nearest to its bound or furthest past it."""
    worst: dict[tuple[str, str, str], Result] = {}
    for result in results:
        run = run_of(result)
        if run not in worst or severity(result) > severity(worst[run]):
            worst[run] = result
    return list(worst.values())


def show(comparison: Comparison, console: Console) -> None:
    """Print the table, the worst tensor of each run, the failures and the verdict."""
    console.print(_table(comparison.results))
    console.print(_worst_table(comparison.results))
    failures = [result for result in comparison.results if not result.ok]
    for result in first_divergences(failures)[:20]:
        found = result.reason or f"error {result.error:.2e} exceeds {result.bound:.2e}"
        console.print(f"[red]✗[/red] {escape(describe(result))}: {escape(found)}", soft_wrap=True)
    if len(failures) > 20:
        console.print(f"  … and {len(failures) - 20} more failed rows in the report")
    if comparison.left_out:
        console.print(
            f"{len(comparison.left_out)} tensors left out by name, with their dependents: "
            "true gradient zero (listed in the report)"
        )
    verdict = "[green]every row ok[/green]" if comparison.ok else "[red]parity does not hold[/red]"
    console.print(
        f"{comparison.made} of {comparison.expected} comparisons made, "
        f"{len(failures)} rows failed: {verdict}"
    )


def first_divergences(failures: Sequence[Result]) -> list[Result]:
    """Failures in the order in which they arise: by step, then from forward to update."""
    order = (
        "recording",
        "output_train",
        "running_statistics",
        "output_eval",
        "loss",
        "input_gradient",
        "gradient",
        "penalty_gradient",
        "slot",
        "parameter",
        "buffer",
        "trajectory",
    )
    return sorted(failures, key=lambda r: (r.step, order.index(r.quantity)))


def describe(result: Result) -> str:
    """One result in words: who, on what, which tensor, when."""
    return (
        f"{TITLES[result.backend]} {result.device} {result.dtype}, {result.system} "
        f"({result.loss}, {result.width}), {result.quantity} of {result.tensor}, "
        f"step {result.step}"
    )


def cells(results: Iterable[Result]) -> dict[Group, dict[tuple[str, str, str], Result]]:
    """The worst result of every cell of the table."""
    table: dict[Group, dict[tuple[str, str, str], Result]] = {}
    for result in results:
        row = table.setdefault(group(result), {})
        run = run_of(result)
        if run not in row or severity(result) > severity(row[run]):
            row[run] = result
    return table


def _table(results: Sequence[Result]) -> Table:
    runs = sorted({run_of(result) for result in results}, key=lambda run: (run[1:], run[0]))
    table = Table(title="The error nearest to its bound, of any tensor; every quantity: the report")
    for heading in ("system (loss)", "width"):
        table.add_column(heading, no_wrap=True)
    for backend, device, dtype in runs:
        short = f"{backend}\n{dtype}" if device == "cpu" else f"{backend}\n{device} {dtype}"
        table.add_column(short, justify="right", no_wrap=True)
    rows: dict[tuple[str, str], dict[tuple[str, str, str], Result]] = {}
    for (system, width, _), found in cells(results).items():
        row = rows.setdefault((system, width), {})
        for run, result in found.items():
            if run not in row or severity(result) > severity(row[run]):
                row[run] = result
    for key, row in rows.items():
        table.add_row(*map(escape, key), *(_cell(row.get(run)) for run in runs))
    return table


def _cell(result: Result | None) -> str:
    if result is None:
        return "·"
    text = "—" if result.error is None else f"{result.error:.0e}"
    return f"[green]{text} ok[/green]" if result.ok else f"[red]{text} ✗[/red]"


def _worst_table(results: Sequence[Result]) -> Table:
    table = Table(title="The tensor nearest to its bound, in each run")
    for heading in ("run", "system (loss, width)", "quantity", "tensor", "step", "error", "bound"):
        table.add_column(heading)
    for result in worst_of_each_run(results):
        error = "—" if result.error is None else f"{result.error:.1e}"
        table.add_row(
            " ".join(run_of(result)),
            f"{result.system} ({result.loss}, {result.width})",
            result.quantity,
            escape(result.tensor),
            str(result.step),
            error,
            f"{result.bound:.1e}",
        )
    return table
