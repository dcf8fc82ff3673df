"""Running statistics after a step: another momentum, another variance, or none."""

import numpy as np

from common.check.hints.evidence import Evidence, Floats, Hint
from common.check.hints.relations import (
    close,
    explains,
    informative,
    multiple,
    reference_is,
    sizes,
)

SHARES = (0.001, 0.01, 0.1, 0.2, 0.5, 0.8, 0.9, 0.99, 0.999, 1.0)
FEWEST = 3  # channels


def running(evidence: Evidence) -> Hint | None:
    """How a running mean or variance moved; the value before the step has to be known."""
    if evidence.before is None or np.shape(evidence.before) != evidence.exact.shape:
        return None
    before = np.asarray(evidence.before).astype(np.float64)
    if evidence.exact.size < FEWEST:
        return None
    for find in (_still, _unbiased, _momentum):
        if hint := find(evidence, before):
            return hint
    return None


def _still(evidence: Evidence, before: Floats) -> Hint | None:
    ours, theirs = (np.array_equal(side, before) for side in (evidence.port, evidence.exact))
    if ours == theirs:
        return None
    text = "unchanged by the step, " if ours else "moved by the step, though the reference is not, "
    return Hint(
        text + f"as in {'evaluation' if ours else 'training'} mode",
        "training-mode",
        "Run both in the same mode, and keep the statistics that the step returns.",
    )


def _unbiased(evidence: Evidence, before: Floats) -> Hint | None:
    """m · v against m · v · N / (N − 1); m is found from the arrays."""
    if "var" not in evidence.name.rpartition(".")[2] or not informative(evidence, 1):
        return None
    layer = evidence.forward.get(evidence.layer)
    if layer is not None and layer.ndim > 1:
        channels = evidence.exact.size
        counts = [layer.size // channels] if layer.size % channels == 0 else []
    else:
        counts = list(sizes(evidence))
    for count in counts:
        for one, other, who in (
            (evidence.port, evidence.exact, "the port"),
            (evidence.exact, evidence.port, "the reference"),
        ):
            if count > 1 and _fits(evidence, one, other, before, count):
                return Hint(
                    f"a running variance that {who} moves towards {count:,}/{count - 1:,} times "
                    f"what the other does: unbiased over N = {count:,} values a channel",
                    "running-variance",
                    "Multiply the batch's variance by N / (N − 1) before averaging, or by 1, "
                    "in both.",
                )
    return None


def _fits(evidence: Evidence, one: Floats, other: Floats, before: Floats, count: int) -> bool:
    """Whether one = other + m · v / (N − 1), with other = (1 − m) · before + m · v."""
    free = one - other - (other - before) / (count - 1)
    share = multiple(free, before) * (count - 1) if before.any() else 1.0
    if share <= 0:
        return False
    share = min(share, 1.0)  # a greater one does not fit, but for rounding
    moved = (other - (1 - share) * before) / (count - 1)
    fits = explains if one is evidence.port else reference_is
    return bool((moved > 0).all()) and fits(evidence, other + moved)


def _momentum(evidence: Evidence, before: Floats) -> Hint | None:
    ours, theirs = evidence.port - before, evidence.exact - before
    found = multiple(ours, theirs)
    if found <= 0 or not informative(evidence, 1):
        return None
    if not explains(evidence, before + found * theirs):
        return None
    usual = [(new, old) for new in SHARES for old in SHARES if new != old]
    pairs = [(new, old) for new, old in usual if close(evidence, found, new / old)]
    turned = [(new, old) for new, old in pairs if abs(new + old - 1) < np.finfo(float).eps * 4]
    twice = [m for m in SHARES[:-1] if close(evidence, found, 2 - m)]
    text = f"moved {found:.5g} times as far from the value before the step"
    if turned:
        new, old = turned[0]
        text += f", as with a momentum of {new:g} for {old:g}: its 1 − m"
    if twice:
        text += f", as two updates with a momentum of {twice[0]:g} move it"
        return Hint(text, "", "Run the layer in training mode once a step in both.")
    return Hint(
        text,
        "batch-norm-momentum" if pairs else "",
        "Momentum is the share of the new batch in PyTorch and Jittor, and of the old value in "
        "Keras and Flax: give both the same share.",
    )
