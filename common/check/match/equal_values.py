"""Which tensors of two files hold the same values, and how they are laid out in each other."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np

from common.check.layouts.placement import Rearrangement, Values
from common.check.layouts.rearrangement import find
from common.parity.bounds import FACTOR
from common.parity.measure import normwise_error

_Content = tuple[str, tuple[int, ...], bytes]


@dataclass(frozen=True)
class EqualValues:
    """All pairs with equal values, grouped: each group's tensors are all that could be each other.

    Equal to rounding: float32 may hold what is float64 in the other file.
    """

    own: Mapping[str, Values]
    other: Mapping[str, Values]
    placements: Mapping[tuple[_Content, _Content], Rearrangement]
    contents: tuple[Mapping[str, _Content], Mapping[str, _Content]]
    groups: list[tuple[list[str], list[str]]]

    def placement(self, name: str, other: str) -> Rearrangement | None:
        """How one lies in the other, `ambiguous` if in several ways; None if the values differ."""
        own_contents, other_contents = self.contents
        return self.placements.get((own_contents[name], other_contents[other]))

    def holds(self, placement: Rearrangement, name: str, other: str) -> bool:
        """Whether that is one of the ways."""
        own, goal = self.own[name], self.other[other]
        return normwise_error(placement.apply(own), goal) <= _bound(own, goal)


def compare(own: Mapping[str, Values], other: Mapping[str, Values]) -> EqualValues:
    """Look for every tensor's values in every tensor of the other file; equal ones, only once."""
    contents = tuple({name: _content(a) for name, a in side.items()} for side in (own, other))
    first, second = (
        {content: side[name] for name, content in reversed(known.items())}
        for side, known in zip((own, other), contents, strict=True)
    )
    norms = {c: _norm(a) for c, a in (first | second).items()}
    placements = {}
    for one, values in first.items():
        for another, reference in second.items():
            bound = FACTOR * _bound(values, reference)
            if values.size != reference.size or not values.size:
                continue
            if not abs(norms[one] - norms[another]) <= bound * norms[another]:
                continue
            found = find(values, reference, _bound(values, reference))
            if found is not None:
                alone = values.size == 1  # a single number may be equal by chance
                placements[one, another] = replace(found, ambiguous=found.ambiguous or alone)
    groups = _groups((contents[0], contents[1]), placements)
    return EqualValues(own, other, placements, (contents[0], contents[1]), groups)


def _groups(
    contents: tuple[Mapping[str, _Content], Mapping[str, _Content]],
    placements: Mapping[tuple[_Content, _Content], Rearrangement],
) -> list[tuple[list[str], list[str]]]:
    """The tensors that are connected by equal values, in the order of the first file."""
    number: dict[tuple[int, _Content], int] = {}
    for index, (one, another) in enumerate(placements):
        joined = {number[k] for k in ((0, one), (1, another)) if k in number}
        number = {k: index if n in joined else n for k, n in number.items()}
        number[0, one] = number[1, another] = index
    found: dict[int, tuple[list[str], list[str]]] = {}
    for side, known in enumerate(contents):
        for name, content in known.items():
            if (side, content) in number:
                found.setdefault(number[side, content], ([], []))[side].append(name)
    return [*found.values()]


def _content(array: Values) -> _Content:
    data = np.ascontiguousarray(array)
    return str(array.dtype), array.shape, sha256(data.data).digest()


def _norm(array: Values) -> float:
    with np.errstate(all="ignore"):
        return float(np.linalg.norm(np.asarray(array, np.float64).ravel()))


def _bound(*arrays: Values) -> float:
    """Rounding to the coarser type, and never less than to float32: files are converted."""
    types = [a.dtype for a in arrays if a.dtype.kind == "f"] + [np.dtype(np.float32)]
    return max(float(np.finfo(dtype).eps) for dtype in types)
