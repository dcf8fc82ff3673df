"""All errors of a comparison beside their bounds, as a coloured table."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby

from common.check.outcome import Comparison
from common.check.reports.stages import OK, ORIGIN, Stage, Stages, ratio
from common.check.runs import Key

CELLS = 20_000  # that a browser still scrolls at once
KEPT = 20  # arrays that are shown in any case
# The class of the style sheet for powers of ten up to that number, and what it says.
LEVELS = (
    (-3, "g3", "below a thousandth of the bound"),
    (-2, "g2", "below a hundredth"),
    (0, "g1", "within the bound"),
    (1, "r1", "up to 10 times"),
    (3, "r2", "up to 1000 times"),
    (6, "r3", "up to a million times"),
    (9, "r4", "up to 10⁹ times"),
    (math.inf, "r5", "more, or not to be measured"),
)
Row = tuple[str, str]  # phase and name
Column = tuple[int, str]  # step and port


def heat_map(stages: Stages, reference: str) -> str:
    """Arrays down, steps and ports across; each cell is a power of ten."""
    ports = [port for port in stages.ports if not _is_itself(stages, port, reference)]
    start = [stage for stage in stages.stages if not stage.key.step]
    equal = all(stages.state(c) == OK for stage in start for c in stage.cells.values())
    shown = [stage for stage in stages.stages if stage.key.step] if equal else stages.stages
    cells = {(stage.key, port): c for stage in shown for port, c in stage.cells.items()}
    rows = list(dict.fromkeys((stage.key.phase, stage.key.name) for stage in shown))
    columns = [(step, port) for step in _steps(shown) for port in ports]
    kept = _kept(rows, cells, max(KEPT, CELLS // max(1, len(columns))))
    body = []
    for phase, group in groupby((row for row in rows if row in kept), key=lambda row: row[0]):
        body.append(f"<tr class='phase'><th>{escape(phase)}</th></tr>")
        body += [_row(stages, row, columns, cells) for row in group]
    left = len(rows) - len(kept)
    more = f"<p class='dim'>{left} arrays that are nearer to agreement are not shown.</p>"
    before = f"<p class='dim'>The {len(start)} arrays before the first step agree.</p>"
    table = f"<table><thead>{_heads(columns)}</thead><tbody>{''.join(body)}</tbody></table>"
    scrolled = f"<div class='heat' tabindex='0' aria-label='Errors, {stages.dtype}'>{table}</div>"
    return (before if start and equal else "") + scrolled + (more if left else "")


def key() -> str:
    """What the colours say."""
    items = (f"<li class='{css}'>{words}</li>" for _, css, words in LEVELS)
    return f"<ul class='key'>{''.join(items)}</ul>"


def _heads(columns: Sequence[Column]) -> str:
    wide = "".join(
        f"<th class='begin' colspan='{len(list(group))}'>{f'step {step}' if step else 'start'}</th>"
        for step, group in groupby(columns, key=lambda column: column[0])
    )
    ports = "".join(
        f"<th{_begin(columns, place)}>{escape(port)}</th>"
        for place, (_, port) in enumerate(columns)
    )
    return f"<tr><th>array</th>{wide}</tr><tr><th></th>{ports}</tr>"


def _row(
    stages: Stages,
    row: Row,
    columns: Sequence[Column],
    cells: Mapping[tuple[Key, str], Comparison],
) -> str:
    name = escape(row[1], quote=True)
    found = "".join(
        _cell(stages, cells.get((Key(step, *row), port)), begin=bool(_begin(columns, place)))
        for place, (step, port) in enumerate(columns)
    )
    return f"<tr><th title='{name}'>{name}</th>{found}</tr>"


def _cell(stages: Stages, comparison: Comparison | None, *, begin: bool) -> str:
    css = ["begin"] if begin else []
    if comparison is None:
        return f"<td class='{' '.join(['none', *css])}'>·</td>"
    power = _power(comparison)
    first = stages.state(comparison) == ORIGIN
    css += [next(css for most, css, _ in LEVELS if power <= most), *(["first"] if first else [])]
    where = f"{comparison.port}, step {comparison.key.step}, {comparison.key.phase}, "
    title = escape(f"{where}{comparison.key.name}: {comparison.size}", quote=True)
    return (
        f"<td class='{' '.join(css)}' title='{title}'>{'✗ ' if first else ''}{_words(power)}</td>"
    )


def _words(power: float) -> str:
    """A minus where it agrees, a plus where it does not."""
    if math.isinf(power):
        return "=" if power < 0 else "∞"
    return f"+{math.floor(power)}" if power > 0 else f"−{max(1, -math.floor(power))}"


def _begin(columns: Sequence[Column], place: int) -> str:
    """The class of the first column of a step."""
    return " class='begin'" if not place or columns[place][0] != columns[place - 1][0] else ""


def _steps(shown: Sequence[Stage]) -> list[int]:
    return list(dict.fromkeys(stage.key.step for stage in shown))


def _power(comparison: Comparison) -> float:
    """The power of ten of error over bound."""
    size = ratio(comparison)
    return math.log10(size) if size else -math.inf


def _is_itself(stages: Stages, port: str, reference: str) -> bool:
    """Whether a column would only say that the reference is equal to itself."""
    if port != reference:
        return False
    return not any(ratio(s.cells[port]) for s in stages.stages if port in s.cells)


def _kept(rows: Sequence[Row], cells: Mapping[tuple[Key, str], Comparison], most: int) -> set[Row]:
    """The arrays that are furthest from agreement."""
    furthest: dict[Row, float] = dict.fromkeys(rows, 0.0)
    for (array, _), comparison in cells.items():
        row = (array.phase, array.name)
        furthest[row] = max(furthest[row], ratio(comparison))
    return set(sorted(rows, key=lambda row: -furthest[row])[:most])
