"""Several runs on one page: curves over each other, samples side by side, differences."""

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from common import UsageError
from common.drawing.html import page, table
from common.drawing.svg import as_svg, new_figure
from common.quality.evaluation import HEADLINES
from common.training.journal import Entry, read_entries
from common.training.options import by_step


@dataclass(frozen=True)
class PastRun:
    """What a run's folder holds."""

    name: str
    config: dict[str, Any]
    entries: list[Entry]
    grid: Path | None  # the latest picture of its samples

    @property
    def evaluations(self) -> list[Entry]:
        """The entries of the steps at which the samples were judged."""
        return [entry for entry in self.entries if any(name in entry for name in HEADLINES)]


def open_run(folder: Path) -> PastRun:
    """The run of that folder.

    Raises:
        UsageError: the folder holds no run, or nothing was measured in it yet.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        raise UsageError(f"{folder}: no run of rosetta train (it has no config.json)") from None
    entries = read_entries(folder / "metrics.jsonl")
    if not entries:
        raise UsageError(f"{folder}: has no metrics yet; let the run take a step")
    pictures = by_step((folder / "samples").glob("step-*.png"))
    return PastRun(str(folder), config, entries, pictures[-1] if pictures else None)


def to_html(runs: Sequence[PastRun]) -> bytes:
    """The page, pictures included, with nothing to load from elsewhere."""
    figures = list(dict.fromkeys(k for run in runs for e in run.entries for k in e if k != "step"))
    return page(
        f"{len(runs)} runs",
        f"<h1>{len(runs)} runs</h1>",
        _grids(runs),
        _last_figures(runs, figures),
        *(_curve(runs, figure) for figure in figures),
        _options(runs),
    )


def _grids(runs: Sequence[PastRun]) -> str:
    drawn = [
        f"<figure><img alt='samples of {escape(run.name, quote=True)}' src='data:image/png;base64,"
        f"{b64encode(run.grid.read_bytes()).decode()}'><figcaption>{escape(run.name)}, "
        f"{escape(run.config['backend'])}, {run.grid.stem}</figcaption></figure>"
        for run in runs
        if run.grid is not None
    ]
    return f"<div class='grids'>{''.join(drawn)}</div>"


def _curve(runs: Sequence[PastRun], name: str) -> str:
    figure, axes = new_figure()
    for run in runs:
        points = [(e["step"], e[name]) for e in run.entries if name in e]
        if points:
            axes.plot(*zip(*points, strict=True), label=run.name, linewidth=1)
    axes.set(xlabel="step", ylabel=name.replace("_", " "), title=name.replace("_", " "))
    return as_svg(figure, axes)


def _last_figures(runs: Sequence[PastRun], figures: Sequence[str]) -> str:
    rows = []
    for run in runs:
        last = {key: value for entry in run.entries for key, value in entry.items()}
        cells = [f"{last[name]:.4g}" if name in last else "·" for name in figures]
        rows.append([run.name, f"{last['step']:.0f}", *cells])
    return table("The last of each figure", ["run", "step", *figures], rows)


def _options(runs: Sequence[PastRun]) -> str:
    """The options in which the runs differ, and what is the same in all."""
    flat = [_flat(run.config) for run in runs]
    names = list(dict.fromkeys(name for options in flat for name in options))
    rows = [[name, *(str(options.get(name, "·")) for options in flat)] for name in names]
    differing = [row for row in rows if len(set(row[1:])) > 1]
    same = [row[:2] for row in rows if len(set(row[1:])) == 1]
    first = table("Where they differ", ["option", *(run.name for run in runs)], differing)
    return first + table("The same in all", ["option", "value"], same)


def _flat(config: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in config.items():
        flat |= _flat(value) if isinstance(value, dict) else {name: value}
    return flat
