"""Gradients that are cut, accumulated, or differ at kinks alone."""

from collections.abc import Iterator

import numpy as np

from common.check.hints.evidence import Evidence, Floats, Hint, Mask
from common.check.hints.relations import explains, limit, multiple

SHARE_OF_KINKS = 0.1  # of the elements; a ReLU's output is zero at half of them
KINK = "Write the function with where() and the derivative that the reference has at its kink."


def nothing(evidence: Evidence) -> Hint | None:
    """Zero everywhere, where the reference is not."""
    if evidence.port.any() or not evidence.exact.any():
        return None
    if evidence.phase == "weights" and evidence.name.endswith("bias"):
        text = "zero everywhere: a bias that starts at zero"
        return Hint(text, "bias", "Load the reference's bias, or draw it by the reference's rule.")
    if evidence.phase != "backward":
        return None
    return Hint(
        "zero everywhere: no gradient arrives here",
        "",
        "Look for detach, stop_gradient, no_grad or a layer that is frozen after this place.",
    )


def accumulated(evidence: Evidence) -> Hint | None:
    """The gradient of the step before is still in it."""
    if evidence.before is None or np.shape(evidence.before) != evidence.exact.shape:
        return None
    before = np.asarray(evidence.before).astype(np.float64)
    if not before.any() or not explains(evidence, evidence.exact + before):
        return None
    text = "this step's gradient and that of the step before: gradients are added up"
    return Hint(text, "", "Set the gradients to zero before each backward pass (zero_grad).")


def kink(evidence: Evidence) -> Hint | None:
    """The two differ at all elements at which an array is exactly at its kink, and only there."""
    apart = _apart(evidence)
    count = int(apart.sum())
    if not count or count > SHARE_OF_KINKS * apart.size:
        return None
    if hint := _at_tie(evidence, apart):
        return hint
    ours, theirs = evidence.port[apart], evidence.exact[apart]
    for name, values in _outputs(evidence):
        zero = values == 0
        matters = zero & ((evidence.port != 0) | (evidence.exact != 0))
        both_signs = (values > 0).any() and (values < 0).any()
        if both_signs and np.array_equal(matters, apart):
            return _at_zero(evidence, name, ours, theirs)
    return _at_bound(evidence, apart)


def _apart(evidence: Evidence) -> Mask:
    difference = np.abs(evidence.port - evidence.exact)
    apart: Mask = difference > limit(evidence) * np.abs(evidence.exact).max(initial=0.0)
    return apart


def _outputs(evidence: Evidence) -> Iterator[tuple[str, Floats]]:
    """Outputs of this shape: the layer of this name first, then those before it."""
    own = evidence.forward.get(evidence.name)
    if own is not None and own.shape == evidence.exact.shape:
        yield evidence.name, np.asarray(own).astype(np.float64)
    yield from evidence.earlier_alike()


def _at_zero(evidence: Evidence, name: str, ours: Floats, theirs: Floats) -> Hint | None:
    text = f"different at the {ours.size:,} elements where {name} is exactly 0, and only there"
    ratio = _ratio(evidence, ours, theirs)
    if ratio is None or ratio < 0:
        return Hint(f"{text}: another derivative at a kink", "", KINK)
    slope = min(ratio, 1 / ratio) if ratio else 0.0
    if slope == 0:
        side = "0 in the port" if ratio == 0 else "0 in the reference"
        return Hint(f"{text}: the derivative at the kink is {side}", "", KINK)
    if abs(slope - 0.5) <= limit(evidence):
        words = f"{text}, by a factor of {ratio:.5g}, as a maximum shares it between equals"
        return Hint(words, "maximum-of-equals", KINK)
    words = f"{text}, by a factor of {ratio:.5g}: LeakyReLU's derivative there is 1 on one side"
    return Hint(f"{words} and the slope {slope:.5g} on the other", "leaky-relu-at-zero", KINK)


def _ratio(evidence: Evidence, ours: Floats, theirs: Floats) -> float | None:
    """The one ratio of all pairs: 0 if ours are zero, infinity if theirs are, else None."""
    if not ours.any():
        return 0.0
    if not theirs.any():
        return float("inf")
    ratio = multiple(ours, theirs)
    rest = np.abs(ours - ratio * theirs)
    return ratio if (rest <= limit(evidence) * np.abs(ours).max()).all() else None


def _at_tie(evidence: Evidence, apart: Mask) -> Hint | None:
    """An absolute error: ±c everywhere, and another derivative where both arrays are equal."""
    rest = np.abs(evidence.exact[~apart])
    size = float(rest.max(initial=0.0))
    if not size or (np.abs(rest - size) > limit(evidence) * size).any():
        return None
    ours, theirs = np.abs(evidence.port[apart]), np.abs(evidence.exact[apart])
    same = [np.abs(side - size).max() <= limit(evidence) * size for side in (ours, theirs)]
    if not ((same[0] and not theirs.any()) or (same[1] and not ours.any())):
        return None
    alike = dict(_outputs(evidence))
    for one in alike:
        for other in alike:
            if one < other and np.array_equal(alike[one] == alike[other], apart):
                return Hint(
                    f"different at the {apart.sum():,} elements where {one} equals {other}, and "
                    "only there: the derivative of |x| at 0 is 0 on one side and 1 on the other",
                    "abs-at-zero",
                    KINK,
                )
    return None


def _at_bound(evidence: Evidence, apart: Mask) -> Hint | None:
    """A clamp: differences at all elements that lie on its bounds."""
    for name, values in _outputs(evidence):
        low, high = values.min(), values.max()
        for bounds in ((low,), (high,), (low, high)):
            at = np.isin(values, bounds)
            often = all((values == bound).sum() > 1 for bound in bounds)
            matters = at & ((evidence.port != 0) | (evidence.exact != 0))
            if often and np.array_equal(matters, apart):
                return _of_clamp(evidence, name, [float(bound) for bound in bounds], apart)
    return None


def _of_clamp(evidence: Evidence, name: str, bounds: list[float], apart: Mask) -> Hint | None:
    ratio = _ratio(evidence, evidence.port[apart], evidence.exact[apart])
    if ratio is None or (ratio not in (0.0, float("inf")) and not _half(evidence, ratio)):
        return None
    text = " or ".join(f"{bound:.5g}" for bound in bounds)
    return Hint(
        f"different at the {apart.sum():,} elements where {name} is exactly {text}, its bound, "
        "and only there: another derivative of a clamp at its bound",
        "clamp-at-bound",
        KINK,
    )


def _half(evidence: Evidence, ratio: float) -> bool:
    return abs(min(ratio, 1 / ratio) - 0.5) <= limit(evidence)
