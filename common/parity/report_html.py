"""A comparison as one self-contained web page: the picture, the table, and every worst tensor."""

from collections.abc import Sequence

from common.drawing.html import Cell, bullets, page, table
from common.drawing.made import made
from common.parity.causes import causes
from common.parity.findings import Finding, findings, in_order, size_of, where
from common.parity.report import cells, runs_of, worst_of_each_run
from common.parity.report_pictures import divergence, errors_by_quantity
from common.parity.results import Comparison, Result

FAILURES = 200  # on the page
Rows = list[list[str | Cell]]


def to_html(comparison: Comparison) -> bytes:
    """The page, pictures included, with nothing to load from elsewhere."""
    verdict = "Parity holds" if comparison.ok else "Parity does not hold"
    failed = sum(not result.ok for result in comparison.results)
    counts = f"{comparison.made} of {comparison.expected} comparisons made, {failed} failed."
    located, mark = findings(comparison.results), "ok" if comparison.ok else "bad"
    return page(
        verdict,
        f"<h1>Parity report</h1><p class='verdict {mark}'>{verdict}. {counts}</p>",
        bullets("Causes", (cause.sentence for cause in causes(comparison.results))),
        made(),
        bullets("What went wrong first in each case", map(_described, located)),
        bullets("Notes", comparison.notes),
        "<p>Errors are normwise, ‖values − reference‖ / ‖reference‖; each is followed by its "
        "bound. The reference of a recording is the median of the float64 recordings of other "
        "runs on a CPU.</p>",
        _main_table(comparison.results),
        _failures(comparison.results),
        _worst(comparison.results),
        _environment(comparison),
        table("Left out, by name", ["tensor", "reason"], comparison.left_out.items()),
        errors_by_quantity(comparison.results),
        divergence(comparison.results),
    )


def describe(result: Result) -> str:
    """One result in words: who, on what, which tensor, when."""
    return f"{result.run}, {result.case}, {where(result)}"


def _described(finding: Finding) -> str:
    return f"{finding.run}, {finding.case}: {finding.phase}; {finding.words}"


def _main_table(results: Sequence[Result]) -> str:
    runs = runs_of(results)
    heads = ["system (loss)", "kind", "quantity", *map(str, runs)]
    lines = cells(results).items()
    rows: Rows = [[*group, *(_cell(line.get(run)) for run in runs)] for group, line in lines]
    return table("Worst tensor of each cell", heads, rows)


def _cell(result: Result | None) -> Cell:
    if result is None:
        return Cell("·")
    title = f"{describe(result)}; bound {result.bound:.2e} {result.reason}"
    error = "—" if result.error is None else f"{result.error:.1e}"
    text = f"{error} / {result.bound:.0e}"
    return Cell(text, "ok" if result.ok else "bad", title)


def _failures(results: Sequence[Result]) -> str:
    failed = in_order(r for r in results if not r.ok)[:FAILURES]
    lines = (f"{describe(result)}: {size_of(result)}" for result in failed)
    return bullets("Failures in the order in which they arise", lines)


def _worst(results: Sequence[Result]) -> str:
    rows: Rows = [[describe(r), _cell(r), f"{r.bound:.1e}"] for r in worst_of_each_run(results)]
    return table("The tensor nearest to its bound, in each run", ["what", "error", "bound"], rows)


def _environment(comparison: Comparison) -> str:
    lines = comparison.environments.items()
    rows = [[run, ", ".join(f"{k} {v}" for k, v in facts.items())] for run, facts in lines]
    return table("Environment", ["run", "fingerprint"], rows)
