"""How near to their bounds ports are that agree, as a table for the terminal."""

from collections.abc import Iterable, Iterator

from rich.table import Table
from rich.text import Text

from common.check.outcome import Outcome
from common.check.reports.stages import ONCE, Stage, Stages, all_stages, brief, ratio, worst
from common.check.reports.text_tables import GAP, NAME, PAIR, STYLES, fitting


def legend(outcome: Outcome) -> str:
    """What the marks of the tables mean."""
    if not any(stages.findings for stages in all_stages(outcome)):
        return f"error / bound of the array nearest to its bound{_once(outcome)}"
    words = "✗ goes wrong by itself, other errors may follow from it"
    return f"{words}{_once(outcome)}; errors are relative, ‖port − reference‖ / ‖reference‖"


def _once(outcome: Outcome) -> str:
    """What the mark of an error says that another seed does not confirm, if there is one."""
    found = any(
        stages.state(comparison) == ONCE
        for stages in all_stages(outcome)
        for stage in stages.stages
        for comparison in stage.cells.values()
    )
    return "; ? beyond its bound, but accepted, or within it with another seed" if found else ""


def summary(outcome: Outcome, width: int) -> Iterator[Table]:
    """For each phase the error of each port that lies nearest to its bound."""
    everything = all_stages(outcome)
    ports = list(dict.fromkeys(port for stages in everything for port in stages.ports))
    needed = {port: max(PAIR, min(len(port), NAME)) for port in ports}
    for shown in fitting(needed, width - 8 - 11 - 6):
        table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
        for head in ("type", "phase", "arrays"):
            table.add_column(head, justify="right" if head == "arrays" else "left")
        for port in shown:
            table.add_column(Text(port), justify="right", min_width=PAIR, max_width=NAME)
        for stages in everything:
            for place, (phase, all_of_it) in enumerate(_phases(stages).items()):
                count = str(len(all_of_it))
                cells = (_nearest(stages, port, all_of_it) for port in shown)
                table.add_row("" if place else stages.dtype, phase, count, *cells)
        yield table


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
