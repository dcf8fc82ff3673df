"""Which tensor of one file is which of another, and how it is laid out there."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from common.check.layouts.patterns import permutation_of
from common.check.layouts.placement import Rearrangement, Values
from common.check.match.conventions import Side, conventions, could_be
from common.check.match.equal_values import EqualValues, compare
from common.check.match.matches import AMBIGUOUS, LIKELY, PROVEN, Match, Matching
from common.check.match.pairing import Layers, Ordered, by_role, pair
from common.check.match.tensor_names import ROLES, role


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
        for kind in (*ROLES, ""):
            for owns, others in self._classes(kind):
                for name, candidates in pair(owns, others, self.layers, self.ordered).open.items():
                    placements = self._placements(name, candidates[0])
                    why = f"{len(candidates)} of its shape" if candidates[1:] else "by shape alone"
                    self.matches[name] = Match(name, (*candidates,), placements, AMBIGUOUS, why)
                    named[0].add(name)
                    named[1].update(candidates)
        rest = [[n for n in self.free[i] if n not in named[i]] for i in range(2)]
        counters = [[n for n in rest[i] if self._is_counter(n, i)] for i in range(2)]
        left, right = ([n for n in rest[i] if n not in counters[i]] for i in range(2))
        matches = [self._likeliest_first(self.matches[n]) for n in self.order if n in self.matches]
        return Matching(matches, (left, right), (counters[0], counters[1]))

    def _is_counter(self, name: str, side: int) -> bool:
        shape = self.sides[side].shapes[name]
        return role(name, shape) == "count" and math.prod(shape) == 1

    def _likeliest_first(self, match: Match) -> Match:
        """A square matrix is probably transposed if all matrices are whose shapes tell."""
        matrices = [
            tuple(permutation_of(m.placement.pattern) or ())
            for m in self.matches.values()
            if m.status != AMBIGUOUS and len(self.sides[0].shapes[m.own]) > 1
        ]
        lasts = {side.channels_last for side in self.sides}
        if (0, 1) in matrices or not ((1, 0) in matrices or lasts == {True, False}):
            return match
        plain = [p for p in match.placements if p.is_identity]
        others = [p for p in match.placements if not p.is_identity]
        return replace(match, placements=(*others, *plain))

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
        elif any(match.status == PROVEN for match in self.matches.values()):
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
