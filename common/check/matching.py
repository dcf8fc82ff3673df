"""Which tensor of one file is which of another, and how it is laid out there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from common import UsageError
from common.check.conventions import Side, conventions, could_be
from common.check.equal_values import EqualValues, compare
from common.check.pairing import Layers, Ordered, by_role, pair
from common.check.placement import Rearrangement, Values
from common.check.tensor_names import ROLES

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


def match_tensors(
    own: Mapping[str, Values], other: Mapping[str, Values], ordered: Ordered = (False, False)
) -> Matching:
    """Match two files' tensors: from values where they prove it, otherwise from shapes and names.

    Both are taken in their order; `ordered` says of which it is known to be the model's order, not
    just that of the names.
    """
    matcher = _Matcher(own, other, ordered)
    matcher.settle()
    return matcher.result()


class _Matcher:
    """The tensors that are not matched yet, and what is known of the others."""

    def __init__(
        self, own: Mapping[str, Values], other: Mapping[str, Values], ordered: Ordered
    ) -> None:
        self.sides = [Side({n: a.shape for n, a in tensors.items()}) for tensors in (own, other)]
        self.equal: EqualValues = compare(own, other)
        self.ordered, self.layers = ordered, Layers()
        self.free = ([*own], [*other])
        self.order = [*own]
        self.matches: dict[str, Match] = {}

    def settle(self) -> None:
        """First what values prove; then by roles, until nothing more is found."""
        for owns, others in self.equal.groups:
            if len(owns) == len(others) == 1:
                placement = self.equal.placement(owns[0], others[0])
                if placement is not None and not placement.ambiguous:
                    self._take(owns[0], others[0], (placement,), PROVEN, "equal values")
        while sum(self._pass(role) for role in (*ROLES, "")):
            pass

    def result(self) -> Matching:
        """The matches, and what is left, with all that it could be."""
        named: tuple[set[str], set[str]] = (set(), set())
        for role in (*ROLES, ""):
            for owns, others in self._classes(role):
                for name, candidates in pair(owns, others, self.layers, self.ordered).open.items():
                    placements = self._placements(name, candidates[0])
                    why = f"{len(candidates)} of its shape" if candidates[1:] else "by shape alone"
                    self.matches[name] = Match(name, (*candidates,), placements, AMBIGUOUS, why)
                    named[0].add(name)
                    named[1].update(candidates)
        left, right = ([n for n in self.free[i] if n not in named[i]] for i in range(2))
        in_order = [self.matches[name] for name in self.order if name in self.matches]
        return Matching(in_order, (left, right))

    def _pass(self, role: str) -> bool:
        count = len(self.matches)
        for owns, others in [*self._classes(role)]:
            for name, other, why in pair(owns, others, self.layers, self.ordered).found:
                self._accept(name, other, why)
        return len(self.matches) > count

    def _classes(self, role: str) -> Iterator[tuple[list[str], list[str]]]:
        """What is left of a role, apart by values if equal ones are left, otherwise by shape."""
        left, right = map(set, self.free)
        equal = [
            ([n for n in owns if n in left], [n for n in others if n in right])
            for owns, others in self.equal.groups
        ]
        equal = [(ns, ms) for ns, ms in equal if any(map(self._allowed, ns, [ms] * len(ns)))]
        taken = ({n for ns, _ in equal for n in ns}, {m for _, ms in equal for m in ms})
        rest = [[n for n in self.free[i] if n not in taken[i]] for i in range(2)]
        for owns, others in (*equal, *self._by_shape(*rest)):
            chosen = by_role(owns, others, [side.shapes for side in self.sides]).get(role)
            if chosen and all(chosen):
                yield chosen

    def _allowed(self, name: str, others: Sequence[str]) -> bool:
        return any(self.layers.allow(name, other) for other in others)

    def _by_shape(self, left: list[str], right: list[str]) -> Iterator[tuple[list[str], list[str]]]:
        own, other = (side.shapes for side in self.sides)
        while left:
            shape = own[left[0]]
            yield (
                [n for n in left if could_be(own[n], shape)],
                [n for n in right if could_be(other[n], shape)],
            )
            left = [n for n in left if not could_be(own[n], shape)]

    def _accept(self, name: str, other: str, why: str) -> None:
        equal = self.equal.placement(name, other)
        if equal is not None:
            why = f"equal values, {why}"
        elif self.equal.placements:
            why = f"{why}; values differ"
        placements = self._placements(name, other)
        status = LIKELY if len(placements) == 1 else AMBIGUOUS
        self._take(name, other, placements, status, why)

    def _placements(self, name: str, other: str) -> tuple[Rearrangement, ...]:
        equal = self.equal.placement(name, other)
        if equal is not None and not equal.ambiguous:
            return (equal,)
        found = conventions(self.sides[0], name, self.sides[1], other)
        if equal is not None:
            found = [p for p in found if self.equal.holds(p, name, other)] or [equal]
        return tuple(found)

    def _take(
        self,
        name: str,
        other: str,
        placements: Sequence[Rearrangement],
        status: str,
        why: str,
    ) -> None:
        self.free[0].remove(name)
        self.free[1].remove(other)
        self.layers.learn(name, other)
        self.matches[name] = Match(name, (other,), tuple(placements), status, why)
