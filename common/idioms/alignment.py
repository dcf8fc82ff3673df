"""Which lines of two definitions stand beside each other, and what differs within them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from common.idioms.likeness import matched, of_blocks, of_lines, of_statements
from common.idioms.outline import Block
from common.idioms.statements import Line, Statement
from common.idioms.token_diff import Span, differing_tokens

Row = tuple[int | None, ...]  # the index of a line of each definition
Place = tuple[int, Statement]  # a statement with the index of its first line


@dataclass
class Side:
    """What differs in one of two definitions."""

    spans: dict[int, list[Span]] = field(default_factory=dict)  # columns, by line
    alone: set[int] = field(default_factory=set)  # lines of code without a counterpart


@dataclass
class Alignment:
    """Rows of two definitions, and what differs on either side."""

    rows: list[Row]
    sides: tuple[Side, Side]


def lines_of(blocks: Sequence[Block]) -> list[Line]:
    """All lines of a definition, in order."""
    return [line for block in blocks for each in block.statements for line in each.lines]


def aligned(first: Sequence[Block], second: Sequence[Block]) -> Alignment:
    """The two definitions, block by block, statement by statement, line by line."""
    lines = lines_of(first), lines_of(second)
    places = _places(first), _places(second)
    found = Alignment([], (Side(), Side()))
    for ours, theirs in matched(first, second, of_blocks):
        one = places[0][id(ours)] if ours else []
        other = places[1][id(theirs)] if theirs else []
        alone: list[Row] = []
        for pair in matched(one, other, lambda a, b: of_statements(a[1], b[1])):
            _note(found.sides, *pair)
            if None in pair:
                alone += _rows(*pair)
                continue
            found.rows += [*_closed_up(alone, *lines), *_closed_up(list(_rows(*pair)), *lines)]
            alone = []
        found.rows += _closed_up(alone, *lines)
    return found


def all_aligned(count: int, alignments: Sequence[Alignment]) -> list[Row]:
    """Rows of a definition of that many lines and of those that are aligned with it."""
    found = [each.rows for each in alignments]
    beside = [{row[0]: row[1] for row in rows if row[0] is not None} for rows in found]
    above = [_above(rows, count) for rows in found]
    merged: list[Row] = []
    for at in range(count + 1):
        merged += [(None, *row) for row in zip_longest(*(gaps[at] for gaps in above))]
        if at < count:
            merged.append((at, *(pairs.get(at) for pairs in beside)))
    return merged


def _above(rows: list[Row], count: int) -> list[list[int]]:
    """For every line of the first, the lines of the second that stand alone above it."""
    gaps: list[list[int]] = [[] for _ in range(count + 1)]
    at = 0
    for ours, theirs in rows:
        if ours is not None:
            at = ours + 1
        elif theirs is not None:
            gaps[at].append(theirs)
    return gaps


def _places(blocks: Sequence[Block]) -> dict[int, list[Place]]:
    """The statements of each block, by the block's identity."""
    places: dict[int, list[Place]] = {}
    at = 0
    for block in blocks:
        for statement in block.statements:
            places.setdefault(id(block), []).append((at, statement))
            at += len(statement.lines)
    return places


def _rows(one: Place | None, other: Place | None) -> Iterator[Row]:
    """The lines of two statements beside each other, or those of one alone."""
    lines = [list(enumerate(place[1].lines)) if place else [] for place in (one, other)]
    starts = [place[0] if place else 0 for place in (one, other)]
    for pair in matched(lines[0], lines[1], of_lines):
        yield tuple(line and start + line[0] for line, start in zip(pair, starts, strict=True))


def _note(sides: tuple[Side, Side], one: Place | None, other: Place | None) -> None:
    """Keep what differs between two statements that stand beside each other, or in one alone."""
    if one and other:
        spans = differing_tokens(one[1], other[1])
        for side, (start, _), found in zip(sides, (one, other), spans, strict=True):
            side.spans |= {start + line: columns for line, columns in found.items()}
        return
    for side, place in zip(sides, (one, other), strict=True):
        if place:
            start, statement = place
            signature = statement.key.startswith("def ")  # in full, its lines have no tokens
            side.alone |= {
                start + at for at, x in enumerate(statement.lines) if x.tokens or signature
            }


def _closed_up(rows: list[Row], first: list[Line], second: list[Line]) -> Iterator[Row]:
    """The rows, where lines without counterpart share rows with those of the other side."""
    ours: list[int] = []
    theirs: list[int] = []
    for one, other in rows:
        if one is not None and other is not None:
            yield from _beside(ours, theirs, first, second)
            ours, theirs = [], []
            yield one, other
        elif one is not None:
            ours.append(one)
        elif other is not None:
            theirs.append(other)
    yield from _beside(ours, theirs, first, second)


def _beside(
    ours: list[int], theirs: list[int], first: list[Line], second: list[Line]
) -> Iterator[Row]:
    """Rows of two runs of lines, each beside the next that is shown in the same listing."""
    at = 0
    for one in ours:
        together = at < len(theirs) and first[one].shown == second[theirs[at]].shown
        yield one, theirs[at] if together else None
        at += together
    yield from ((None, other) for other in theirs[at:])
