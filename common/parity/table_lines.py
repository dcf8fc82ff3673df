"""The table of a parity run line by line, in columns that are known before anything is recorded."""

from rich.markup import escape
from rich.table import Table

from common.backends import BACKENDS
from common.backends.inspection import version_of
from common.parity.report import cell, worse
from common.parity.results import Comparison, Result
from common.parity.tasks import Plan

NAME, KIND, TYPE, CELL, PLACE = 30, 10, 12, 10, 11  # columns of text
NARROW = 20  # of the name on a screen on which the rest would not fit


def head(plan: Plan, width: int) -> Table:
    """The headings: a column for each backend; of several versions, none is named."""
    table = _table(plan, width)
    titles = (f"{name}\n{version_of(name).partition('+')[0] or '—'}" for name in _backends(plan))
    if _is_matrix(plan):
        table.add_row("system (loss)", "kind", "type", "in", *_backends(plan), style="bold")
    else:
        table.add_row("system (loss)", "kind", "type", *titles, style="bold")
    return table


def lines(plan: Plan, comparison: Comparison, width: int) -> Table:
    """The results of some cases: a line for each case, device, type and environment."""
    worst: dict[tuple[str, ...], dict[str, Result]] = {}
    for result in comparison.results:
        dtype = result.dtype if result.device == "cpu" else f"{result.device} {result.dtype}"
        place = (result.file or "1 device",) if _is_matrix(plan) else ()
        key = (f"{result.system} ({result.loss})", result.kind, dtype, *place)
        line = worst.setdefault(key, {})
        line[result.backend] = worse(line.get(result.backend), result)
    table = _table(plan, width)
    for key in sorted(worst, key=lambda key: (key[0], key[1] != "reduced", *key[1:])):
        table.add_row(*map(escape, key), *(cell(worst[key].get(b)) for b in _backends(plan)))
    return table


def _table(plan: Plan, width: int) -> Table:
    """Without lines of its own, since it is printed in pieces."""
    backends = _backends(plan)
    needed = NAME + KIND + TYPE + CELL * len(backends) + 3 + len(backends)
    needed += PLACE + 1 if _is_matrix(plan) else 0
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(width=NAME if needed <= width else NARROW)
    table.add_column(width=KIND)
    table.add_column(width=TYPE if _on_cards(plan) else TYPE - 4)
    if _is_matrix(plan):
        table.add_column(width=PLACE)
    for _ in backends:
        table.add_column(width=CELL, justify="right", no_wrap=True)
    return table


def _backends(plan: Plan) -> list[str]:
    planned = {job.backend for job in plan.jobs}
    return [name for name in BACKENDS if name in planned]


def _is_matrix(plan: Plan) -> bool:
    return any(job.label for job in plan.jobs)


def _on_cards(plan: Plan) -> bool:
    return any(job.device != "cpu" for job in plan.jobs)
