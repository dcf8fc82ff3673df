"""How einops patterns are read: "(h w c) o -> o (c h w)"."""

import math
from collections.abc import Mapping, Sequence

Shape = Sequence[int]


def sides(pattern: str) -> tuple[str, str]:
    """The left and the right side of a pattern."""
    left, _, right = pattern.partition("->")
    return left.strip(), right.strip()


def groups(side: str) -> list[list[str]]:
    """One side of a pattern: the names of the axes in each axis; those of size 1 have none."""
    found: list[list[str]] = []
    inside = False
    for word in side.replace("(", " ( ").replace(")", " ) ").split():
        if word == "(":
            found.append([])
        elif word != ")":
            names = [] if word == "1" else [word]
            if inside:
                found[-1] += names
            else:
                found.append(names)
        inside = word == "(" or (inside and word != ")")
    return found


def axis_sizes(pattern: str, shape: Shape, sizes: Mapping[str, int]) -> dict[str, int]:
    """The size of every named axis, from the shape of the left side and what is known of it."""
    known = dict(sizes)
    for names, size in zip(groups(sides(pattern)[0]), shape, strict=True):
        for name in names:
            if name not in known:
                others = math.prod(known.get(other, 1) for other in names)
                known[name] = size // others
    return known


def permutation_of(pattern: str) -> tuple[int, ...] | None:
    """Which axis of the left side each of the right is; None where axes are split or merged."""
    left, right = map(groups, sides(pattern))
    if any(len(names) != 1 for names in (*left, *right)):
        return None
    return tuple(left.index(names) for names in right)
