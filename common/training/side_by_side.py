"""Several runs on one page: curves over each other, samples side by side, differences."""

import json
import shlex
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
from common.training.segments import Segment, makers, segments_of

LABEL = 30  # characters of a run's name in a legend


@dataclass(frozen=True)
class PastRun:
    """What a run's folder holds."""

    name: str
    config: dict[str, Any]
    entries: list[Entry]
    grid: Path | None  # the latest picture of its samples

    @property
    def segments(self) -> list[Segment]:
        """Who made it: one for each time that it was started or resumed."""
        return segments_of(self.config)

    @property
    def system(self) -> str:
        """The system that was trained."""
        return str(self.config["system"]["name"])

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
    title = f"{len(runs)} runs of {' and '.join(systems_of(runs))}"
    return page(
        title,
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(note)}</p>" if (note := several_systems(runs)) else "",
        _grids(runs),
        _last_figures(runs, figures),
        *(_curve(runs, figure) for figure in figures),
        _options(runs),
    )


def _grids(runs: Sequence[PastRun]) -> str:
    drawn = [
        f"<figure><img alt='samples of {escape(run.name, quote=True)}' src='data:image/png;base64,"
        f"{b64encode(run.grid.read_bytes()).decode()}'><figcaption>{escape(run.name)}, "
        f"{escape(makers(run.segments))}, {run.grid.stem}</figcaption></figure>"
        for run in runs
        if run.grid is not None
    ]
    return f"<div class='grids'>{''.join(drawn)}</div>"


def _curve(runs: Sequence[PastRun], name: str) -> str:
    figure, axes = new_figure()
    for run in runs:
        points = [(e["step"], e[name]) for e in run.entries if name in e]
        if points:
            axes.plot(*zip(*points, strict=True), label=_label(run), linewidth=1)
    axes.set(xlabel="step", ylabel=name.replace("_", " "), title=name.replace("_", " "))
    return as_svg(figure, axes)


def _label(run: PastRun) -> str:
    """The end of a run's name, which fits into a legend."""
    return run.name if len(run.name) <= LABEL else f"…{run.name[1 - LABEL :]}"


def _last_figures(runs: Sequence[PastRun], figures: Sequence[str]) -> str:
    rows = []
    for run in runs:
        last = {key: value for entry in run.entries for key, value in entry.items()}
        cells = [f"{last[name]:.4g}" if name in last else "·" for name in figures]
        rows.append([run.name, f"{last['step']:.0f}", *cells])
    return table("The last of each figure", ["run", "step", *figures], rows)


def _options(runs: Sequence[PastRun]) -> str:
    """The options in which the runs differ, and what is the same in all."""
    flat = [_facts(run) for run in runs]
    names = list(dict.fromkeys(name for options in flat for name in options))
    rows = [[name, *(str(options.get(name, "·")) for options in flat)] for name in names]
    differing = [row for row in rows if len(set(row[1:])) > 1]
    same = [row[:2] for row in rows if len(set(row[1:])) == 1]
    first = table("Where they differ", ["option", *(run.name for run in runs)], differing)
    return first + table("The same in all", ["option", "value"], same)


def _facts(run: PastRun) -> dict[str, Any]:
    """What a run was made with: by whom, its own options, its system's, and the environment."""
    own = {k: v for k, v in run.config.items() if not isinstance(v, dict | list)}
    options = {f"system.{k}": v for k, v in run.config["system"].items()}
    last = run.segments[-1]
    environment = {f"environment.{k}": v for k, v in last["environment"].items()}
    commands = "; ".join(shlex.join(["rosetta", *s["command"]]) for s in run.segments)
    return {"made by": makers(run.segments), "command": commands} | own | options | environment


def systems_of(runs: Sequence[PastRun]) -> list[str]:
    """The systems that the runs are of."""
    return list(dict.fromkeys(run.system for run in runs))


def several_systems(runs: Sequence[PastRun]) -> str:
    """The warning for runs of several systems; "" if there is one."""
    systems = systems_of(runs)
    if len(systems) == 1:
        return ""
    return (
        f"these runs are of {' and '.join(systems)}: losses of different systems cannot be "
        "compared with each other"
    )
