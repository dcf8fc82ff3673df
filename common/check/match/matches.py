"""What is known of two files' tensors: which is which, how it is laid out, how certain that is."""

from collections.abc import Mapping
from dataclasses import dataclass

from common import UsageError
from common.check.layouts.placement import Rearrangement, Values

PROVEN, LIKELY, AMBIGUOUS = "proven", "likely", "ambiguous"


@dataclass(frozen=True)
class Match:
    """One tensor of the first file; proposals for its name and layout in the other, best first."""

    own: str
    others: tuple[str, ...]
    placements: tuple[Rearrangement, ...]
    status: str  # PROVEN from values; LIKELY: one answer; AMBIGUOUS: several names or layouts
    why: str

    @property
    def other(self) -> str:
        """The best proposal."""
        return self.others[0]

    @property
    def placement(self) -> Rearrangement:
        """The best proposal."""
        return self.placements[0]


@dataclass(frozen=True)
class Matching:
    """All matches in the first file's order, and the tensors of either file that have none."""

    matches: list[Match]
    unmatched: tuple[list[str], list[str]]
    counters: tuple[list[str], list[str]]  # unmatched, too, but no weights: none is missed

    @property
    def settled(self) -> bool:
        """Whether every tensor of both files has exactly one answer."""
        return not any(self.unmatched) and all(m.status != AMBIGUOUS for m in self.matches)

    def converted(self, tensors: Mapping[str, Values]) -> dict[str, Values]:
        """The first file's tensors with the names and layouts of the other.

        Raises:
            UsageError: names the first tensor that is ambiguous, or that either file lacks.
        """
        for match in self.matches:
            if match.status == AMBIGUOUS:
                raise UsageError(
                    f"tensor {match.own!r} is ambiguous ({options(match)}), so nothing is written; "
                    "match files with equal values, or rename and lay out the tensor yourself"
                )
        for names, where in zip(self.unmatched, ("first", "second"), strict=True):
            if names:
                raise UsageError(
                    f"tensor {names[0]!r} is only in the {where} file, so nothing is written; "
                    "remove it, or add what it corresponds to"
                )
        return {m.other: m.placement.apply(tensors[m.own]) for m in self.matches}


def options(match: Match) -> str:
    """The several answers to an ambiguous match, in words."""
    if len(match.others) > 1:
        return " or ".join(match.others)
    return " or ".join(f"{p.words} ({p.pattern})" for p in match.placements)
