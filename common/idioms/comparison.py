"""Several definitions as they are shown beside the first: rows, and the marks of what differs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from common.idioms.alignment import Alignment, Row, aligned, all_aligned, lines_of
from common.idioms.definitions import Definition
from common.idioms.outline import Block, outline
from common.idioms.statements import Line, Shown
from common.idioms.token_diff import Span

ONLY_FIRST, CHANGED, ONLY_OTHER = "<", "~", ">"


@dataclass(frozen=True)
class Listing:
    """The lines of a definition, folded or in full."""

    definition: Definition
    full: bool = False

    @cached_property
    def blocks(self) -> list[Block]:
        """What is aligned with the blocks of another listing."""
        return outline(self.definition)

    @cached_property
    def lines(self) -> list[Line]:
        """All lines, those of the other listing included."""
        return lines_of(self.blocks)

    def shows(self, at: int | None) -> bool:
        """Whether this listing shows the line with that index."""
        hidden = Shown.FOLDED if self.full else Shown.UNFOLDED
        return at is not None and self.lines[at].shown != hidden


@dataclass(frozen=True)
class Comparison:
    """Listings, each compared with the first."""

    listings: Sequence[Listing]

    @cached_property
    def alignments(self) -> list[Alignment]:
        """The first beside the second, the third and so on."""
        first, *others = self.listings
        return [aligned(first.blocks, other.blocks) for other in others]

    @property
    def rows(self) -> list[Row]:
        """The rows in which a line is shown; the lines that are not shown are None."""
        rows = (
            self.alignments[0].rows
            if len(self.listings) == 2
            else all_aligned(len(self.listings[0].lines), self.alignments)
        )
        shown = [
            tuple(at if x.shows(at) else None for at, x in zip(row, self.listings, strict=True))
            for row in rows
        ]
        return [row for row in shown if any(at is not None for at in row)]

    def spans(self, number: int, at: int) -> list[Span]:
        """The columns to mark in a line of one listing; of more than two, the first has none."""
        if number == 0:
            found = self.alignments[0].sides[0].spans if len(self.listings) == 2 else {}
        else:
            found = self.alignments[number - 1].sides[1].spans
        return found.get(at, [])

    def marks(self, number: int, first: int | None, other: int | None) -> str:
        """Those of ONLY_FIRST, CHANGED and ONLY_OTHER that are true of a row.

        Args:
            number: of the listing that is compared with the first.
            first: the line of the first listing in that row.
            other: that of the other listing.
        """
        ours, theirs = self.alignments[number - 1].sides
        found = (
            ONLY_FIRST if first in ours.alone else "",
            CHANGED if first in ours.spans or other in theirs.spans else "",
            ONLY_OTHER if other in theirs.alone else "",
        )
        return "".join(found)

    def margin(self, number: int, at: int) -> str:
        """The mark of a line in a listing that stands alone; of more than two, the first has none.

        Args:
            number: of the listing.
            at: the line.
        """
        if number:
            return self.marks(number, None, at)
        return self.marks(1, at, None) if len(self.listings) == 2 else ""
