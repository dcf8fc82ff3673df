"""How a tensor may lie in another framework's, from shapes and names alone.

PyTorch and Jittor: (o, i, h, w), transposed (i, o, h, w), linear (o, i). Keras: (h, w, i, o),
transposed (h, w, o, i), linear (i, o). Flax: (h, w, i, o), transposed too, but then reversed in h
and w; linear (i, o).
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import isqrt

from common.check.layouts.candidates import MOST_AXES
from common.check.layouts.patterns import Shape, axis_sizes, groups, sides
from common.check.layouts.rearrangement import Rearrangement, find_all
from common.check.match.tensor_names import kind, role

_SPACE = {3: ("k",), 4: ("h", "w"), 5: ("d", "h", "w")}
_LARGEST_KERNEL = 11  # an axis longer than this is channels, where that has to be guessed
_MOST = 4  # candidates that are listed where no convention fits


@dataclass(frozen=True)
class Side:
    """One file: the shapes of its tensors, and whether its kernels have their channels last."""

    shapes: dict[str, tuple[int, ...]]

    @property
    def channels_last(self) -> bool | None:
        """Whether all kernels that show it show it so; None where none does, or they differ."""
        votes = {_channels_last(shape) for shape in self.shapes.values()} - {None}
        return votes.pop() if len(votes) == 1 else None

    @property
    def channels(self) -> set[int]:
        """The numbers of channels of all convolutions."""
        last = self.channels_last
        kernels = (shape for shape in self.shapes.values() if len(shape) in _SPACE)
        return {n for shape in kernels for n in (shape[-2:] if last else shape[:2])}

    def side_of_maps(self, name: str, axis: int) -> int:
        """Height and width of the square maps that an axis of a matrix or vector may hold; or 0.

        It holds none if another matrix, or a convolution, has as many features on its other side.
        """
        size = self.shapes[name][axis]
        matrices = {n: s for n, s in self.shapes.items() if len(s) == 2}
        if len(self.shapes[name]) == 1:
            return max(
                (self.side_of_maps(n, s.index(size)) for n, s in matrices.items() if size in s),
                default=0,
            )
        others = (s for n, s in matrices.items() if n != name)
        if size in self.channels or any(shape[1 - axis] == size for shape in others):
            return 0
        for count in sorted(self.channels, reverse=True):
            side = isqrt(size // count)
            if count > 1 and side > 1 and size == count * side**2:
                return side
        return 0


def could_be(shape: Shape, other: Shape) -> bool:
    """Whether some order of axes makes one shape the other; axes of size 1 may come and go."""
    if max(len(shape), len(other)) > MOST_AXES:
        return tuple(shape) == tuple(other)
    return sorted(n for n in shape if n != 1) == sorted(n for n in other if n != 1)


def conventions(own: Side, name: str, other: Side, other_name: str) -> list[Rearrangement]:
    """What may make one tensor the other, likeliest first; several where shapes cannot tell."""
    shape, goal = own.shapes[name], other.shapes[other_name]
    if len(shape) == len(goal) and len(shape) in _SPACE and role(name, shape) == "kernel":
        kinds = {kind(name), kind(other_name)} - {""}
        found = [*_of_kernels(kinds, own, other, shape, goal)]
    else:
        found = find_all(shape, goal, ("layout",))
    if not found:
        return [*islice(find_all(shape, goal, ("axes", "reshape")), _MOST)]
    if len(shape) in (1, 2):
        found = [*_with_maps(own, name, other, found), *found]
    return found


def _channels_last(shape: Shape) -> bool | None:
    """Of one kernel; None where both readings are likely, or neither."""
    if len(shape) not in _SPACE:
        return None
    count = len(_SPACE[len(shape)])
    last, first = (
        len(set(space)) == 1 and max(space) <= _LARGEST_KERNEL
        for space in (shape[:count], shape[-count:])
    )
    return last if last != first else None


def _of_kernels(
    kinds: Collection[str], own: Side, other: Side, shape: Shape, goal: Shape
) -> Iterator[Rearrangement]:
    fitting = [
        c
        for c in _kernels(_SPACE[len(shape)], kinds)
        if _fits(c, shape, goal) and _is_of(c, own.channels_last, other.channels_last)
    ]
    seen = set()
    for candidate in fitting:
        left, right = map(groups, sides(candidate.pattern))
        key = (tuple(map(left.index, right)), tuple(left.index([f]) for f in candidate.flips))
        if key not in seen:
            seen.add(key)
            yield candidate


def _kernels(space: Sequence[str], kinds: Collection[str]) -> Iterator[Rearrangement]:
    """The conventions for convolutions of these kinds; for both where the kind is not known."""
    s = " ".join(space)
    yield Rearrangement(f"o i {s} -> o i {s}")
    yield Rearrangement(f"{s} i o -> {s} i o")
    if "transpose" not in kinds:
        yield from (Rearrangement(p) for p in (f"{s} i o -> o i {s}", f"o i {s} -> {s} i o"))
    if "depthwise" in kinds:
        yield from (Rearrangement(p) for p in (f"{s} i o -> i o {s}", f"i o {s} -> {s} i o"))
    elif "conv" not in kinds:
        yield from (Rearrangement(p) for p in (f"{s} o i -> i o {s}", f"i o {s} -> {s} o i"))
        for pattern in (f"{s} i o -> i o {s}", f"i o {s} -> {s} i o"):
            yield from (Rearrangement(pattern, {}, tuple(space)), Rearrangement(pattern))
    if "transpose" in kinds:  # Keras's and Flax's
        yield Rearrangement(f"{s} o i -> {s} i o", {}, tuple(space))


def _fits(candidate: Rearrangement, shape: Shape, goal: Shape) -> bool:
    size = axis_sizes(candidate.pattern, shape, candidate.sizes)
    return [size[name] for (name,) in groups(sides(candidate.pattern)[1])] == [*goal]


def _is_of(candidate: Rearrangement, own_last: bool | None, other_last: bool | None) -> bool:
    """Whether the pattern has the channels where the kernels of either file have them."""
    lasts = (side.split()[0] not in ("i", "o") for side in sides(candidate.pattern))
    return all(
        known in (None, is_) for known, is_ in zip((own_last, other_last), lasts, strict=True)
    )


def _with_maps(
    own: Side, name: str, other: Side, plain: Iterable[Rearrangement]
) -> Iterator[Rearrangement]:
    """The same, but with flattened maps in one file's order or the other's."""
    if None in (own.channels_last, other.channels_last) or own.channels_last == other.channels_last:
        return
    flat = ("(h w c)", "(c h w)") if own.channels_last else ("(c h w)", "(h w c)")
    for candidate in plain:
        left, right = map(groups, sides(candidate.pattern))
        for axis in range(len(left)):
            side = own.side_of_maps(name, axis)
            if side:
                one, goal = (
                    ["io"[a] if a != axis else flat[i] for a in map(left.index, names)]
                    for i, names in enumerate((left, right))
                )
                pattern = f"{' '.join(one)} -> {' '.join(goal)}"
                yield Rearrangement(pattern, {"h": side, "w": side})
