"""Maps that are shifted, and convolutions whose padding or kernel is another."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from common.check.hints.convolutions import Placed, placements
from common.check.hints.evidence import Evidence, Floats, Hint
from common.check.hints.relations import explains, reference_is, varies

FARTHEST = 2  # pixels by which an output may be shifted
SMALLEST = 3  # rows and columns that have to overlap

PAD = "Write the padding as numbers before and after each axis, the same in both."


def shift(evidence: Evidence) -> Hint | None:
    """The port's maps are the reference's, moved by whole pixels along the spatial axes."""
    ours, theirs = evidence.port, evidence.exact
    if theirs.ndim < 3 or min(theirs.shape[2:]) < SMALLEST:
        return None
    for moves in _moves(theirs.ndim - 2):
        parts = [_overlap(move, size) for move, size in zip(moves, theirs.shape[2:], strict=True)]
        if any(size - abs(m) < SMALLEST for m, size in zip(moves, theirs.shape[2:], strict=True)):
            continue
        moved = ours[:, :, *(part[0] for part in parts)]
        kept = theirs[:, :, *(part[1] for part in parts)]
        there = theirs[:, :, *(part[0] for part in parts)]
        part_alone = replace(evidence, values=moved, reference=there)
        if varies(evidence, kept) and explains(part_alone, kept):
            return _of_shift(evidence, moves)
    return None


def _moves(axes: int) -> Iterator[tuple[int, ...]]:
    reach = range(-FARTHEST, FARTHEST + 1)
    moves = [move for move in product(reach, repeat=axes) if any(move)]
    yield from sorted(moves, key=lambda move: sum(map(abs, move)))


def _overlap(move: int, size: int) -> tuple[slice, slice]:
    """Where the port's row i + move is the reference's row i."""
    return slice(max(move, 0), size + min(move, 0)), slice(max(-move, 0), size - max(move, 0))


def _of_shift(evidence: Evidence, moves: tuple[int, ...]) -> Hint:
    maps = [values for _, values in evidence.earlier() if values.ndim == evidence.exact.ndim]
    row = ""
    if maps and "weight" in evidence.weights:
        grows = evidence.exact.shape[2] > maps[0].shape[2]
        row = "transposed-same" if grows else "same-padding"
    by = ", ".join(f"{move:+d}" for move in moves)
    text = f"the reference shifted by ({by}) pixels along its spatial axes"
    return Hint(text, row, PAD)


def convolution(evidence: Evidence) -> Hint | None:
    """Both outputs computed again from the input and kernel: where they differ in placement."""
    for inputs in _inputs(evidence):
        for part, candidates in placements(evidence, inputs):
            theirs = _one(part, candidates, theirs=True)
            ours = _one(part, candidates, theirs=False) if theirs else None
            if theirs and ours and ours != theirs:
                return _of_placing(ours, theirs)
    return None


def _inputs(evidence: Evidence) -> list[Floats]:
    maps = [values for _, values in evidence.earlier() if values.ndim == 4]
    return maps[:2] if evidence.exact.ndim == 4 else []


def _one(
    evidence: Evidence, candidates: list[tuple[Placed, Floats]], *, theirs: bool
) -> Placed | None:
    fits = reference_is if theirs else explains
    found = [placed for placed, values in candidates if fits(evidence, values)]
    return found[0] if len(found) == 1 else None


def _of_placing(ours: Placed, theirs: Placed) -> Hint:
    kind = "a transposed convolution" if ours.transposed else "a convolution"
    if ours.turned != theirs.turned:
        also = "" if ours.before == theirs.before else ", and padded otherwise"
        return Hint(
            f"{kind} with its kernel rotated by 180 degrees{also}",
            "turned-kernel" if ours.transposed else "",
            "Flip the kernel on both spatial axes, or use transpose_kernel=True in JAX.",
        )
    what = "crops" if ours.transposed else "pads"
    return Hint(
        f"{kind} that {what} {_pair(ours)} rows and columns before the first, where the reference "
        f"{what} {_pair(theirs)}",
        "transposed-same" if ours.transposed else "same-padding",
        PAD,
    )


def _pair(placed: Placed) -> str:
    return str(placed.before)
