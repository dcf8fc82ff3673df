"""How the elements of one array lie in another, and how that is said and declared."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from einops import EinopsError, rearrange
from numpy.typing import NDArray

from common import UsageError
from common.check.layouts.patterns import groups, permutation_of, sides

Values = NDArray[Any]


@dataclass(frozen=True)
class Rearrangement:
    """How one array's elements lie in another: order of axes, flips, order of flattened axes."""

    pattern: str  # einops, from the values to the reference: "(h w c) o -> o (c h w)"
    sizes: Mapping[str, int] = field(default_factory=dict, hash=False)  # of the split axes
    flips: tuple[str, ...] = ()  # axes of the left side that are reversed
    order: tuple[int, ...] = ()  # slices of the result along `axis`, taken in this order
    axis: int = 0
    ambiguous: bool = field(default=False, compare=False)  # others fit these values, or shapes, too

    def apply(self, values: Values) -> Values:
        """The values laid out like the reference.

        Raises:
            UsageError: the pattern cannot be read, or does not fit the shape of the values.
        """
        left, right = sides(self.pattern)
        arranged = self._rearranged(values, left, right)
        return np.take(arranged, self.order, self.axis) if self.order else arranged

    def undo(self, values: Values) -> Values:
        """The inverse of `apply`: an array laid out like the reference in the values' own layout.

        Raises:
            UsageError: the pattern cannot be read, or does not fit the shape of the values.
        """
        left, right = sides(self.pattern)
        if self.order:
            values = np.take(values, np.argsort(self.order), self.axis)
        return self._rearranged(values, right, left)

    @property
    def is_identity(self) -> bool:
        """Whether every element stays where it is."""
        left, right = sides(self.pattern)
        return left == right and not self.flips and not self.order

    @property
    def words(self) -> str:
        """For a sentence: "transposed", "axes in the order 3 2 0 1, flipped along axes 0 and 1".

        Which factor of a flattened axis is called its channels is a guess: a map is rather square.
        """
        said = [*_axes_in_words(self.pattern)]
        if self.flips:
            places = [groups(sides(self.pattern)[0]).index([name]) for name in self.flips]
            said.append(f"flipped along ax{'es' if len(places) > 1 else 'is'} {_listed(places)}")
        if self.order:
            rank = len(groups(sides(self.pattern)[1]))
            name = {(1, 0): "elements", (2, 0): "rows", (2, 1): "columns"}.get((rank, self.axis))
            said.append(f"its {name or f'slices along axis {self.axis}'} in another order")
        return ", ".join(said) or "as it is"

    @property
    def declaration(self) -> str:
        """What a port file's `names` holds for it, as Python text, without a reference's name."""
        return self.declare()

    def declare(self, name: str = "") -> str:
        """What a port file's `names` holds for it: name, pattern and options, those that it has.

        A tuple, or the text alone where there is one: ("up.weight", "h w i o -> i o h w",
        {"flip": "h w"}).
        """
        split = {n for names in groups(sides(self.pattern)[0]) if len(names) > 1 for n in names}
        options: dict[str, Any] = {n: size for n, size in self.sizes.items() if n in split}
        options |= {"flip": " ".join(self.flips)} if self.flips else {}
        options |= {"order": list(self.order), "axis": self.axis} if self.order else {}
        left, right = sides(self.pattern)
        pattern = "" if left == right and (name or not options) and not options else self.pattern
        parts = [*map(_quoted, filter(None, (name, pattern)))]
        if options:
            inside = (f"{_quoted(k)}: {_literal(v)}" for k, v in options.items())
            parts.append(f"{{{', '.join(inside)}}}")
        return parts[0] if len(parts) == 1 else f"({', '.join(parts)})" if parts else _quoted("")

    def _rearranged(self, values: Values, source: str, target: str) -> Values:
        try:
            if not self.flips:
                return rearrange(values, f"{source} -> {target}", **self.sizes)
            names = [n for part in groups(source) for n in part]
            parts = rearrange(values, f"{source} -> {' '.join(names)}", **self.sizes)
            parts = np.flip(parts, [names.index(name) for name in self.flips])
            return rearrange(parts, f"{' '.join(names)} -> {target}", **self.sizes)
        except (EinopsError, ValueError) as error:
            reason = str(error).strip().splitlines()[-1].strip()
            raise UsageError(
                f"{self.pattern!r} does not fit an array of shape {values.shape}: {reason}"
            ) from None


def _axes_in_words(pattern: str) -> Iterator[str]:
    left, right = map(groups, sides(pattern))
    if left == right:
        return
    permutation = permutation_of(pattern)
    if permutation == (1, 0):
        yield "transposed"
    elif permutation:
        yield f"axes in the order {' '.join(map(str, permutation))}"
    elif len(left) != len(right):
        yield f"rearranged as {pattern}"
    else:
        yield from _regroupings_in_words(left, right)


def _regroupings_in_words(left: list[list[str]], right: list[list[str]]) -> Iterator[str]:
    for axis, own in enumerate(left):
        (goal,) = (names for names in right if sorted(names) == sorted(own))
        if len(own) == 1:
            continue
        where = f" along axis {axis}" if len(left) > 1 and sum(map(len, left)) > 4 else ""
        last = len(own) == 3 and own[-1] == goal[0]
        first = len(own) == 3 and own[0] == goal[-1]
        if last or first:
            one, other = ("last", "first") if last else ("first", "last")
            yield f"flattened channels {one} instead of channels {other}{where}"
        else:
            yield f"flattened as {' '.join(own)} instead of {' '.join(goal)}{where}"
    if len(left) == 2 and sorted(left[0]) == sorted(right[1]):
        yield "transposed"


def _listed(places: Sequence[int]) -> str:
    *most, last = map(str, places)
    return f"{', '.join(most)} and {last}" if most else last


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _literal(value: Any) -> str:
    return _quoted(value) if isinstance(value, str) else repr(value)
