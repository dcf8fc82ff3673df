"""A factor or an offset of its own in every channel."""

import numpy as np

from common.check.hints.evidence import Evidence, Floats, Hint
from common.check.hints.relations import agrees, explains, informative, number

FEWEST = 3  # values in a channel


def axes_of_channels(values: Floats) -> list[int]:
    """Where channels may be: axis 1, and the last one."""
    if values.ndim < 2:
        return []
    return [1] if values.ndim == 2 else [1, values.ndim - 1]


def by_channel(values: Floats, axis: int) -> Floats:
    """(channels, values): one row a channel."""
    moved = np.moveaxis(values, axis, 0)
    rows: Floats = moved.reshape(moved.shape[0], -1)
    return rows


def along(numbers: Floats, like: Floats, axis: int) -> Floats:
    """One number a channel, in a shape that meets `like` channel by channel."""
    shape = [1] * like.ndim
    shape[axis] = -1
    return numbers.reshape(shape)


def channels(evidence: Evidence) -> Hint | None:
    """A relation of one or two numbers that are others in every channel."""
    for axis in axes_of_channels(evidence.exact):
        rows = by_channel(evidence.exact, axis)
        count, size = rows.shape
        if count < 2 or size < FEWEST or not _tested(rows):
            continue
        for find in (_factor, _offset, _both):
            if hint := find(evidence, axis):
                return hint
    return None


def _tested(rows: Floats) -> bool:
    """Whether the values of every channel vary; equal ones have any relation."""
    return bool((np.ptp(rows, axis=1) > 0).all())


def _factor(evidence: Evidence, axis: int) -> Hint | None:
    ours, theirs = by_channel(evidence.port, axis), by_channel(evidence.exact, axis)
    found = (ours * theirs).sum(1) / (theirs * theirs).sum(1)
    if not informative(evidence, 2 * found.size):
        return None
    if not explains(evidence, evidence.exact * along(found, evidence.exact, axis)):
        return None
    scale = evidence.weight("weight", found)
    if scale is not None and agrees(evidence, found * scale, np.ones_like(scale)):
        text, remedy = "the reference without its scale (weight)", "Multiply by the layer's scale."
    elif scale is not None and agrees(evidence, found, scale):
        text, remedy = "the reference with its scale (weight) twice", "Apply the scale once."
    else:
        text = f"a factor of its own in every channel (axis {axis}), {_range(found)}"
        remedy = "Look for a scale of each channel: a norm's weight, or its statistics."
    return Hint(text, "", remedy)


def _offset(evidence: Evidence, axis: int) -> Hint | None:
    found = by_channel(evidence.port - evidence.exact, axis).mean(1)
    if not informative(evidence, 2 * found.size):
        return None
    if not explains(evidence, evidence.exact + along(found, evidence.exact, axis)):
        return None
    bias = evidence.weight("bias", found)
    if bias is not None and agrees(evidence, found, -bias):
        text, remedy = "the reference without its bias", "Add the layer's bias in the port."
    elif bias is not None and agrees(evidence, found, bias):
        text, remedy = "the reference with its bias twice", "Add the layer's bias once."
    else:
        text = f"an offset of its own in every channel (axis {axis}), {_range(found)}"
        remedy = "Look for a bias or shift that one side lacks, or has another value of."
    return Hint(text, "", remedy)


def _range(numbers: Floats) -> str:
    return f"from {number(numbers.min())} to {number(numbers.max())}"


def _both(evidence: Evidence, axis: int) -> Hint | None:
    ours, theirs = by_channel(evidence.port, axis), by_channel(evidence.exact, axis)
    if theirs.shape[1] <= FEWEST:
        return None
    mean, centred = theirs.mean(1), theirs - theirs.mean(1, keepdims=True)
    slope = (ours * centred).sum(1) / (centred * centred).sum(1)
    shift = ours.mean(1) - slope * mean
    expected = evidence.exact * along(slope, ours_like := evidence.exact, axis)
    if not informative(evidence, 3 * slope.size):
        return None
    if not explains(evidence, expected + along(shift, ours_like, axis)):
        return None
    return Hint(
        f"a factor and an offset of its own in every channel (axis {axis}), as of a normalisation "
        "with other statistics, or another scale and shift",
        "",
        "Compare the mean, variance, scale and shift that the two use in each channel.",
    )
