"""Shapes that differ by axes of one element, or by a broadcast of a vector with a column."""

import numpy as np

from common.check.hints.evidence import Evidence, Hint
from common.check.hints.relations import agrees


def same_numbers(evidence: Evidence) -> bool:
    """Whether the shapes differ by axes of one element alone."""
    ours, theirs = evidence.port.shape, evidence.exact.shape
    return [size for size in ours if size > 1] == [size for size in theirs if size > 1]


def shape(evidence: Evidence) -> Hint | None:
    """The same numbers in another shape, or all pairs where the reference has one row of pairs."""
    ours, theirs = evidence.port, evidence.exact
    if ours.shape == theirs.shape:
        return None
    if same_numbers(evidence) and agrees(evidence, ours.reshape(theirs.shape), theirs):
        row = "scalars" if ours.shape == (1,) and evidence.written_for("jittor") else ""
        return Hint(
            f"the same numbers in shape {_text(ours.shape)} instead of {_text(theirs.shape)}",
            row,
            f"Reshape the array to {_text(theirs.shape)}: with an array of another shape, such a "
            "one is broadcast to all pairs, and no error says so.",
        )
    return _pairs(evidence)


def _pairs(evidence: Evidence) -> Hint | None:
    ours, count = evidence.port, evidence.exact.size
    vector = evidence.exact.ravel()
    if ours.shape != (count, count) or count < 2 or max(evidence.exact.shape) != count:
        return None
    if not agrees(evidence, np.diagonal(ours), vector):
        return None
    return Hint(
        f"a broadcast: {_text(ours.shape)} values with the reference's {count:,} on the diagonal, "
        f"as a vector ({count:,}) and a column ({count:,}, 1) give together",
        "",
        "Give both arrays of this operation the same shape, for example with reshape(-1).",
    )


def _text(sizes: tuple[int, ...]) -> str:
    return str(sizes)
