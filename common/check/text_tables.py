"""Tables of a comparison of ports for the terminal."""

from collections.abc import Iterable, Iterator, Sequence

from rich.table import Table
from rich.text import Text

from common.check.outcome import Comparison, Outcome
from common.check.stages import (
    FOLLOWS,
    OK,
    ONCE,
    ORIGIN,
    Block,
    Stage,
    Stages,
    all_stages,
    brief,
    ratio,
    worst,
)

AROUND = 3  # arrays shown before and after one that goes wrong
GAP, CELL, NAME = 2, 9, 16  # columns of text: between columns, of an error, of a port's name
LEAST = 20  # of an array's name
STYLES = {OK: "green", ORIGIN: "bold red", FOLLOWS: "red", ONCE: "yellow"}
SIGNS = {ORIGIN: "✗ ", FOLLOWS: "", ONCE: "? "}
Row = tuple[str, str, str, list[Text]]


def course(stages: Stages, width: int) -> Iterator[Table]:
    """Step by step what agrees and what does not; only as many ports beside each other as fit."""
    lines = list(_rows(stages, stages.ports))
    name = max(len(line[2]) for line in lines)
    phase = max(len(line[1]) for line in lines)
    name = min(name, max(LEAST, width - 4 - phase - 2 * (CELL + GAP) - 2 * GAP))
    for ports in _fitting(stages.ports, width - 4 - phase - name - 2 * GAP):
        table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
        table.add_column("step", justify="right")
        table.add_column("phase")
        table.add_column(f"array, {stages.dtype}", no_wrap=True)
        for port in ports:
            table.add_column(Text(port), justify="right", min_width=CELL, max_width=NAME)
        for step, kind, array, cells in _rows(stages, ports):
            table.add_row(step, kind, Text(_tail(array, name)), *cells)
        yield table


def legend(outcome: Outcome) -> str:
    """What the marks of the tables mean."""
    if not any(stages.findings for stages in all_stages(outcome)):
        return f"error / bound of the array nearest to its bound{once_of(outcome)}"
    words = "✗ goes wrong by itself, other errors may follow from it"
    return f"{words}{once_of(outcome)}; errors are relative, ‖port − reference‖ / ‖reference‖"


def once_of(outcome: Outcome) -> str:
    """What the mark of an error says that another seed does not confirm, if there is one."""
    found = any(
        stages.state(comparison) == ONCE
        for stages in all_stages(outcome)
        for stage in stages.stages
        for comparison in stage.cells.values()
    )
    return "; ? beyond its bound, but within it with another seed" if found else ""


def summary(outcome: Outcome, width: int) -> Iterator[Table]:
    """For each phase the error of each port that lies nearest to its bound."""
    everything = all_stages(outcome)
    ports = list(dict.fromkeys(port for stages in everything for port in stages.ports))
    for shown in _fitting(ports, width - 8 - 11 - 6, least=15):
        table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
        for head in ("type", "phase", "arrays"):
            table.add_column(head, justify="right" if head == "arrays" else "left")
        for port in shown:
            table.add_column(Text(port), justify="right", min_width=15, max_width=NAME)
        for stages in everything:
            for place, (phase, all_of_it) in enumerate(_phases(stages).items()):
                count = str(sum(1 for _ in all_of_it))
                cells = (_nearest(stages, port, all_of_it) for port in shown)
                table.add_row("" if place else stages.dtype, phase, count, *cells)
        yield table


def _rows(stages: Stages, ports: Sequence[str]) -> Iterator[Row]:
    """A line for each array around one that goes wrong by itself, and for each other phase."""
    shown, blocks = "", stages.blocks
    last = stages.last_step(ports)
    for step in dict.fromkeys(block.step for block in blocks):
        ours = [block for block in blocks if block.step == step]
        if len(ours) > 1 and step > last:
            every = [stage for block in ours for stage in block.stages]
            ours = [Block(step, "all", every)]
        for block in ours:
            phase = block.phase
            for name, cells in _lines(stages, block, ports):
                yield ("" if str(step) == shown else str(step)), phase, name, cells
                shown, phase = str(step), ""


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


def _nearest(stages: Stages, port: str, several: Iterable[Stage]) -> Text:
    found = worst(stage.cells[port] for stage in several if port in stage.cells)
    if found is None:
        return Text("·", "dim")
    text = Text(f"{brief(found)} / {found.bound:.0e}", STYLES[stages.state(found)])
    return text if ratio(found) <= 1 else Text("?", STYLES[ONCE]) + text


def _phases(stages: Stages) -> dict[str, list[Stage]]:
    phases: dict[str, list[Stage]] = {}
    for stage in stages.stages:
        phases.setdefault(stage.key.phase, []).append(stage)
    return phases


def _fitting(ports: Sequence[str], room: int, least: int = CELL) -> Iterator[Sequence[str]]:
    """The ports in groups that fit beside each other."""
    group: list[str] = []
    left = room
    for port in ports:
        needed = GAP + max(least, min(len(port), NAME))
        if group and needed > left:
            yield group
            group, left = [], room
        group.append(port)
        left -= needed
    if group:
        yield group


def _tail(name: str, length: int) -> str:
    return name if len(name) <= length else f"…{name[1 - length :]}"
