"""A parity report, condensed to what the README and the book show of it."""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from common import UsageError
from common.backends import BACKENDS, TITLES
from common.drawing.badge import badge
from common.drawing.markdown import table
from common.files import write_bytes

Cell = dict[str, Any]
STRAINED = "large_mean"  # judged, but not shown: it is made to be a thousand times worse
NAMES = ("system", "loss", "kind", "backend", "version", "device", "dtype")
PAGE = """# Measured errors

The worst float64 error of any tensor, ‖actual − reference‖ / ‖reference‖: before the first
update · after five whole steps. A tick means that every float32 and float64 comparison of that
system passed, full width included: {comparisons} comparisons of {versions}, on a CPU. No GPU has
been measured yet.

{table}

The name after a dot is a variant: without batch norm, an MLP, another loss, or a differentiable
sigma. `make parity` measures all of it again, and `make figures` writes this page from its report;
`docs/results/cpu.json` holds the figures with versions and compilers. Each port also reproduces
figures measured on the original implementations, in `parity_tests/golden`.
"""


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
        "expected": report["summary"]["comparisons_expected"],
        "cases": [dict(zip(NAMES, key, strict=True)) | cell for key, cell in cells.items()],
    }


def read_report(path: Path) -> dict[str, Any]:
    """The report.json of a parity run.

    Raises:
        UsageError: it is none.
    """
    try:
        report = json.loads(path.read_text())
        complete = {*NAMES, "step", "error", "ok", "quantity"}
        valid = all(complete <= set(result) for result in report["results"])
        valid = valid and {"environment", "summary"} <= set(report)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; make a report with rosetta parity") from None
    except (ValueError, TypeError, KeyError):
        valid = False
    if not valid:
        raise UsageError(f"{path}: not a report of this version; make one with rosetta parity")
    return dict(report)


def markdown(condensed: Mapping[str, Any]) -> str:
    """The table of errors: each system and loss in each framework, with its float64 errors.

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
    double = [c for c in cases if c["dtype"] == "float64" and c["kind"] == "reduced"]
    if not double:
        return "not run"
    mark = "✓" if all(c["ok"] for c in cases) else "✗"
    worst = max(double, key=lambda c: c["before"])
    last = max(max(c["after_first"], c["after_five"]) for c in double)
    return f"{mark} {worst['before']:.0e} · {last:.0e}"


def page(condensed: Mapping[str, Any]) -> str:
    """The book's page of these figures."""
    return PAGE.format(
        table=markdown(condensed),
        comparisons=f"{condensed['comparisons']:,}",
        versions=", ".join(versions(condensed)),
    )


def versions(condensed: Mapping[str, Any]) -> list[str]:
    """The frameworks that were compared, as in "PyTorch 2.13.0"."""
    measured = {case["backend"]: case["version"].partition("+")[0] for case in condensed["cases"]}
    return [
        f"{TITLES[name].partition('/')[0]} {measured[name]}"
        for name in BACKENDS
        if name in measured
    ]


def badges(condensed: Mapping[str, Any]) -> dict[str, str]:
    """The README's badges, by file name."""
    cases, made, expected = (condensed[name] for name in ("cases", "comparisons", "expected"))
    failed = sum(not case["ok"] for case in cases)
    value = f"{made:,} of {expected:,} comparisons" + (f", {failed} cases fail" if failed else "")
    systems = len({case["system"].partition(".")[0] for case in cases})
    return {
        "parity.svg": badge("parity", value, good=made == expected and not failed),
        "frameworks.svg": badge("frameworks", " · ".join(versions(condensed))),
        "systems.svg": badge("systems", f"{systems} GANs"),
    }


def save_figures(report: Path, docs: Path) -> None:
    """Write what the README and the book show of a report: figures, a page, and badges.

    Raises:
        UsageError: there is no such report.
    """
    condensed = condense(read_report(report))
    figures = (json.dumps(condensed, indent=1) + "\n").encode()
    write_bytes(docs / "results" / "cpu.json", figures)
    write_bytes(docs / "results" / "parity.md", page(condensed).encode())
    for name, picture in badges(condensed).items():
        write_bytes(docs / "images" / name, picture.encode())


if __name__ == "__main__":
    try:
        save_figures(*map(Path, sys.argv[1:]))
    except UsageError as error:
        sys.exit(str(error))
