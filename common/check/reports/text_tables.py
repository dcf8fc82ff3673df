"""The course of a comparison of ports, as a table for the terminal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from rich.table import Table
from rich.text import Text

from common.check.outcome import Comparison
from common.check.reports.stages import (
    FOLLOWS,
    OK,
    ONCE,
    ORIGIN,
    Block,
    Stage,
    Stages,
    brief,
)

AROUND = 3  # arrays shown before and after one that goes wrong
GAP, CELL, NAME = 2, 9, 16  # columns of text: between columns, of an error, of a port's name
LEAST, PAIR = 20, 15  # of an array's name, of an error with its bound
SEVERAL = 3  # steps that are shown apart where nothing goes wrong by itself
STYLES = {OK: "green", ORIGIN: "bold red", FOLLOWS: "red", ONCE: "yellow"}
SIGNS = {ORIGIN: "✗ ", FOLLOWS: "", ONCE: "? "}
Row = tuple[str, str, str, list[Text]]


def course(stages: Stages, width: int) -> Iterator[Table]:
    """Step by step what agrees and what does not; only as many ports beside each other as fit."""
    lines = list(_rows(stages, stages.ports))
    step, phase, name = (max(len(line[column]) for line in lines) for column in range(3))
    left = width - max(step, len("step")) - phase - 2 * GAP
    name = min(name, max(LEAST, left - 2 * (CELL + GAP)))
    needed = {
        port: max(CELL, min(len(port), NAME), *(len(line[3][place]) for line in lines))
        for place, port in enumerate(stages.ports)
    }
    for ports in fitting(needed, left - name):
        table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
        table.add_column("step", justify="right", no_wrap=True)
        table.add_column("phase")
        table.add_column(f"array, {stages.dtype}", no_wrap=True)
        for port in ports:
            table.add_column(Text(port), justify="right", min_width=CELL, max_width=NAME)
        for when, kind, array, cells in _rows(stages, ports):
            table.add_row(when, kind, Text(_tail(array, name)), *cells)
        yield table


def _rows(stages: Stages, ports: Sequence[str]) -> Iterator[Row]:
    """A line for each array around one that goes wrong by itself, and for each other phase."""
    for when, blocks in _steps(stages, ports):
        shown = ""
        for block in blocks:
            phase = block.phase
            for name, cells in _lines(stages, block, ports):
                yield ("" if when == shown else when), phase, name, cells
                shown, phase = when, ""


def _steps(stages: Stages, ports: Sequence[str]) -> Iterator[tuple[str, list[Block]]]:
    """The phases of each step; those in which nothing goes wrong by itself are one, or several."""
    broken = {f.first.key.step for f in stages.findings if f.first.port in ports}
    by_step = groupby(stages.blocks, key=lambda block: block.step)
    known = {step: list(blocks) for step, blocks in by_step}
    apart = broken | {0}
    for own, group in groupby(known, key=lambda step: step if step in apart else -1):
        steps = list(group)
        if own in apart:
            yield str(own), known[own]
            continue
        pieces = [steps] if len(steps) > SEVERAL else [[step] for step in steps]
        for piece in pieces:
            every = [stage for step in piece for block in known[step] for stage in block.stages]
            when = f"{piece[0]}–{piece[-1]}" if len(piece) > 1 else str(piece[0])
            yield when, [Block(piece[0], "all", every)]


def _lines(stages: Stages, block: Block, ports: Sequence[str]) -> Iterator[tuple[str, list[Text]]]:
    ours = [stage for stage in block.stages if not stage.cells.keys().isdisjoint(ports)]
    origins = [
        place
        for place, stage in enumerate(ours)
        if any(stages.state(c) == ORIGIN for port, c in stage.cells.items() if port in ports)
    ]
    near = {p for o in origins for p in range(o - AROUND, o + AROUND + 1)}
    waiting: list[Stage] = []
    for place, stage in enumerate(ours):
        if place not in near:
            waiting.append(stage)
            continue
        if waiting:
            yield _together(stages, waiting, ports)
            waiting = []
        yield stage.key.name, [_cell(stages, stage.cells.get(port)) for port in ports]
    if waiting:
        yield _together(stages, waiting, ports)


def _together(
    stages: Stages, several: Sequence[Stage], ports: Sequence[str]
) -> tuple[str, list[Text]]:
    if len(several) == 1:
        cells = [_cell(stages, several[0].cells.get(port)) for port in ports]
        return several[0].key.name, cells
    return f"{len(several)} arrays", [_count(stages, several, port) for port in ports]


def _cell(stages: Stages, comparison: Comparison | None) -> Text:
    if comparison is None:
        return Text("·", "dim")
    state = stages.state(comparison)
    return Text("✓" if state == OK else SIGNS[state] + brief(comparison), STYLES[state])


def _count(stages: Stages, several: Iterable[Stage], port: str) -> Text:
    """How many of some arrays differ in a port."""
    ours = [stage.cells[port] for stage in several if port in stage.cells]
    states = [stages.state(comparison) for comparison in ours]
    wrong = [state for state in states if state != OK]
    if not ours:
        return Text("·", "dim")
    if not wrong:
        return Text("✓", STYLES[OK])
    return Text(f"{len(wrong)} of {len(ours)}", STYLES[wrong[0]])


def fitting(needed: Mapping[str, int], room: int) -> Iterator[Sequence[str]]:
    """The ports in groups that fit beside each other, by the width that each needs."""
    group: list[str] = []
    left = room
    for port, width in needed.items():
        if group and GAP + width > left:
            yield group
            group, left = [], room
        group.append(port)
        left -= GAP + width
    if group:
        yield group


def _tail(name: str, length: int) -> str:
    return name if len(name) <= length else f"…{name[1 - length :]}"
