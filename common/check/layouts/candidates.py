"""The einops patterns that could turn one shape into another, simplest first."""

import math
from collections.abc import Iterator, Sequence
from itertools import permutations as all_permutations
from itertools import product

from common.check.layouts.patterns import Shape, permutation_of, sides

MOST_AXES = 5
Splitting = tuple[str, dict[str, int]]  # a pattern and the sizes of the axes that it splits
_Split = tuple[str, str, dict[str, int]]  # one axis on either side, and its sizes

# What the frameworks call the axes of kernels, of maps and of sequences, most frequent first.
_LAYOUTS = {
    2: ("i o -> o i",),
    3: ("k i o -> o i k", "n l c -> n c l", "n c l -> n l c", "k i o -> i o k", "i o k -> k i o"),
    4: (
        *("h w i o -> o i h w", "o i h w -> h w i o", "h w i o -> i o h w", "i o h w -> h w i o"),
        *("n h w c -> n c h w", "n c h w -> n h w c"),
    ),
    5: (
        *("d h w i o -> o i d h w", "o i d h w -> d h w i o", "d h w i o -> i o d h w"),
        *("i o d h w -> d h w i o", "n d h w c -> n c d h w", "n c d h w -> n d h w c"),
    ),
}
_SPATIAL = "dhwkl"
_LETTERS = (("h", "w", "c", "s"), ("y", "x", "k", "t"))  # of the first split axis and the second


def layouts(shape: Shape, target: Shape) -> Iterator[Splitting]:
    """The shape as it is, and the frameworks' own orders of axes, where they make the target."""
    table = [p for p in _permutations(shape, target) if p in _LAYOUTS.get(len(shape), ())]
    identity = " ".join("abcdefghij"[: len(shape)])
    if tuple(shape) == tuple(target):
        yield f"{identity} -> {identity}", {}
    yield from ((pattern, {}) for pattern in table)


def other_axes(shape: Shape, target: Shape) -> Iterator[Splitting]:
    """All other orders of axes that make the target; up to five axes."""
    table = _LAYOUTS.get(len(shape), ())
    yield from ((p, {}) for p in _permutations(shape, target) if p not in table)


def reshapes(shape: Shape, target: Shape) -> Iterator[Splitting]:
    """Axes merged into fewer, or split into more, in any order: "n h w c -> n (c h w)"."""
    few, many = sorted((tuple(shape), tuple(target)), key=len)
    if len(few) == len(many) or len(many) > MOST_AXES or math.prod(few) != math.prod(many):
        return
    if not few:
        yield " -> ".join(" ".join("1" * len(side)) for side in (shape, target)), {}
        return
    merging = len(shape) > len(target)
    seen = set()
    for permutation in _in_order(len(many)):
        parts = _merged([many[axis] for axis in permutation], few)
        key = tuple(axis for axis in permutation if many[axis] > 1)
        if parts is None or key in seen:
            continue
        seen.add(key)
        back = tuple(sorted(range(len(many)), key=permutation.__getitem__))
        axes = permutation if merging else back
        own = many if merging else [many[axis] for axis in permutation]
        left, right = (side.split() for side in sides(_named(axes, own)))
        names = right if merging else left
        size = dict(zip(left, own, strict=True))
        grouped = " ".join(_bracketed([names[i] for i in part]) for part in parts)
        known = {names[i]: size[names[i]] for part in parts for i in _all_but_one(part, names)}
        text = f"{' '.join(left)} -> {grouped}" if merging else f"{grouped} -> {' '.join(right)}"
        yield text, known


def regroupings(shape: Shape, target: Shape) -> Iterator[Splitting]:
    """A vector, or a matrix, with flattened axes: "(h w c) o -> o (c h w)" and the like.

    Flattening h, w, c and flattening c, h, w differ as the two orders of h·w and c do, so that
    there is one pattern for each divisor.
    """
    if len(shape) not in (1, 2) or sorted(shape) != sorted(target):
        return
    for chosen in _choices(shape):
        left, right = [c[0] for c in chosen], [c[1] for c in chosen]
        sizes = {name: size for c in chosen for name, size in c[2].items()}
        if tuple(shape) == tuple(target):
            yield f"{' '.join(left)} -> {' '.join(right)}", sizes
        if len(shape) == 2 and tuple(shape) == tuple(target)[::-1]:
            yield f"{' '.join(left)} -> {' '.join(right[::-1])}", sizes


def _permutations(shape: Shape, target: Shape) -> Iterator[str]:
    """Patterns of every order of axes but the given one; one of those that only move size 1."""
    if len(shape) != len(target) or len(shape) > MOST_AXES:
        return
    seen = set()
    if tuple(shape) == tuple(target):
        seen.add(tuple(axis for axis, size in enumerate(shape) if size > 1))
    for permutation in _in_order(len(shape)):
        key = tuple(axis for axis in permutation if shape[axis] > 1)
        if [shape[axis] for axis in permutation] == list(target) and key not in seen:
            seen.add(key)
            yield _named(permutation, shape)


def _in_order(rank: int) -> list[tuple[int, ...]]:
    """All permutations: none, those of the frameworks, the others."""
    named = [permutation_of(pattern) for pattern in _LAYOUTS.get(rank, ())]
    ranked = [tuple(range(rank)), *(p for p in named if p), *all_permutations(range(rank))]
    return list(dict.fromkeys(ranked))


def _named(permutation: tuple[int, ...], shape: Shape) -> str:
    """The permutation with the frameworks' names; where two fit, those whose maps are smaller."""
    fitting = [p for p in _LAYOUTS.get(len(shape), ()) if permutation_of(p) == permutation]
    if not fitting:
        letters = "abcde"[: len(shape)]
        return f"{' '.join(letters)} -> {' '.join(letters[axis] for axis in permutation)}"

    def area(pattern: str) -> int:
        names = sides(pattern)[0].split()
        return math.prod(size for name, size in zip(names, shape, strict=True) if name in _SPATIAL)

    return min(fitting, key=area)


def _merged(sizes: Shape, target: Shape) -> list[list[int]] | None:
    """Neighbouring axes joined so that their products are the target's sizes, or None."""
    parts: list[list[int]] = []
    axis = 0
    for size in target:
        part: list[int] = []
        while axis < len(sizes) and (not part or math.prod(sizes[i] for i in part) < size):
            part.append(axis)
            axis += 1
        if math.prod(sizes[i] for i in part) != size:
            return None
        parts.append(part)
    parts[-1] += range(axis, len(sizes))
    return parts if math.prod(sizes[axis:]) == 1 else None


def _all_but_one(part: Sequence[int], names: Sequence[str]) -> list[int]:
    """The axes whose sizes must be told: all but the channels, or but the last."""
    left_out = next((i for i in part if names[i] == "c"), part[-1] if part else None)
    return [i for i in part if i != left_out]


def _bracketed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"({' '.join(names)})"


def _choices(shape: Shape) -> Iterator[tuple[_Split, ...]]:
    """Splits of one axis or more, those of a single axis first."""
    if len(shape) == 1:
        yield from ((split,) for split in _splits(shape[0], _LETTERS[0]))
        return
    rows, columns = shape
    yield from ((split, ("o", "o", {})) for split in _splits(rows, _LETTERS[0]))
    yield from ((("i", "i", {}), split) for split in _splits(columns, _LETTERS[0]))
    yield from product(_splits(rows, _LETTERS[0]), _splits(columns, _LETTERS[1]))


def _splits(size: int, letters: Sequence[str]) -> Iterator[_Split]:
    """One axis as two factors in either order; a square one of them is a map's height and width."""
    h, w, c, s = letters
    for outer in range(2, size // 2 + 1):
        if size % outer:
            continue
        inner = size // outer
        side, other = math.isqrt(outer), math.isqrt(inner)
        last, first = side * side == outer, other * other == inner
        if last and (not first or outer <= inner):
            yield f"({h} {w} {c})", f"({c} {h} {w})", {h: side, w: side}
        elif first:
            yield f"({c} {h} {w})", f"({h} {w} {c})", {h: other, w: other}
        else:
            yield f"({s} {c})", f"({c} {s})", {s: outer}
