"""What has been measured, as a small file to keep and as the README's table."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from common import UsageError
from common.backends import BACKENDS, TITLES
from common.drawing.markdown import table

Cell = dict[str, Any]
STRAINED = "large_mean"  # judged, but not shown: it is made to be a thousand times worse
NAMES = ("system", "loss", "width", "backend", "version", "device", "dtype")


def condense(report: Mapping[str, Any]) -> dict[str, Any]:
    """A parity report reduced to one line per case, backend, device and type."""
    cells: dict[tuple[str, ...], Cell] = {}
    for result in report["results"]:
        key = tuple(result[name] for name in NAMES)
        cell = cells.setdefault(
            key, {"tensors": 0, "ok": True, "before": 0.0, "after_first": 0.0, "after_five": 0.0}
        )
        cell["tensors"] += 1
        cell["ok"] &= result["ok"]
        phase = {0: "before", 1: "after_first"}.get(result["step"], "after_five")
        if result["error"] is not None and result["quantity"] != STRAINED:
            cell[phase] = max(cell[phase], result["error"])
    return {
        "environment": report["environment"],
        "comparisons": report["summary"]["comparisons_made"],
        "cases": [dict(zip(NAMES, key, strict=True)) | cell for key, cell in cells.items()],
    }


def read_report(path: Path) -> dict[str, Any]:
    """A report.json, or the summary that `rosetta status --save` keeps of one.

    Raises:
        UsageError: it is neither.
    """
    try:
        report = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: not a report ({error}); make one with rosetta parity") from None
    if not _is_kept(report) and not _is_report(report):
        raise UsageError(f"{path}: not a report of this version; make one with rosetta parity")
    return dict(report)


def _is_kept(report: Any) -> bool:
    return isinstance(report, dict) and {"environment", "comparisons", "cases"} <= set(report)


def _is_report(report: Any) -> bool:
    if not isinstance(report, dict) or not {"environment", "results", "summary"} <= set(report):
        return False
    results, summary = report["results"], report["summary"]
    names = {*NAMES, "step", "error", "ok"}
    return "comparisons_made" in summary and all(names <= set(result) for result in results)


def markdown(condensed: Mapping[str, Any]) -> str:
    """The status table: each system and loss in each framework, with its float64 errors.

    A cell gives the worst error of any tensor before the first update, and after the last step
    of the reduced case.
    """
    cases = [c for c in condensed["cases"] if c["device"] == "cpu"]
    rows = []
    for system, loss in dict.fromkeys((c["system"], c["loss"]) for c in cases):
        row = [c for c in cases if (c["system"], c["loss"]) == (system, loss)]
        cells = (_cell([c for c in row if c["backend"] == name]) for name in BACKENDS)
        rows.append([f"`{system}` ({loss})", *cells])
    return table(["system (loss)", *(TITLES[name] for name in BACKENDS)], rows).rstrip()


def _cell(entries: Iterable[Cell]) -> str:
    cases = list(entries)
    double = [c for c in cases if c["dtype"] == "float64" and c["width"] == "reduced"]
    if not double:
        return "not run"
    mark = "✓" if all(c["ok"] for c in cases) else "✗"
    worst = max(double, key=lambda c: c["before"])
    last = max(max(c["after_first"], c["after_five"]) for c in double)
    return f"{mark} {worst['before']:.0e} · {last:.0e}"
