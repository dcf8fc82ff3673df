"""Outputs of an activation: another function, another slope, or a bound."""

from collections.abc import Callable

import numpy as np

from common.check.hints import functions
from common.check.hints.evidence import Evidence, Floats, Hint
from common.check.hints.relations import agrees, close, explains, multiple, reference_is

FEWEST = 3  # elements on each side of the kink
# Slopes that are a default somewhere; only these pairs have their ratio.
TELLING = {30.0: (0.3, 0.01), 20.0: (0.2, 0.01), 1.5: (0.3, 0.2)}


def activation(evidence: Evidence) -> Hint | None:
    """Two activations of the same input, or two arrays that are equal where positive."""
    for name, inputs in evidence.earlier_alike():
        if hint := _two_functions(evidence, name, inputs):
            return hint
    return _below_zero(evidence)


ROUNDED = {
    "tf": "tf-slope-float32",
    "jittor": "jittor-numbers",
}  # by framework: a number as a slope


def _two_functions(evidence: Evidence, name: str, inputs: Floats) -> Hint | None:
    if not np.isfinite(inputs).all():
        return None
    theirs = _only(evidence, inputs, reference_is)
    if theirs is None:
        return None
    ours = _only(evidence, inputs, lambda e, expected: explains(e, expected))
    if ours is None or ours == theirs:
        return None
    (what, slope), (reference, other) = ours, theirs
    row = ""
    if what == reference == "leaky":
        row = _row_of_slopes(evidence, slope, other)
    elif "softplus" in what and "softplus" in reference:
        row = "softplus-threshold"
    return Hint(
        f"{_named(what, slope)} of {name}, where the reference has {_named(reference, other)}",
        row,
        "Give the slope as an array of the run's type: a number is rounded to float32."
        if row in ROUNDED.values()
        else f"Use {_named(reference, other)} in the port.",
    )


def _named(name: str, slope: float) -> str:
    return f"LeakyReLU with slope {slope:.9g}" if name == "leaky" else name


def _only(
    evidence: Evidence, inputs: Floats, fits: Callable[[Evidence, Floats], bool]
) -> tuple[str, float] | None:
    """The one activation of these inputs that fits, with its slope; None if several do."""
    found = [
        (name, 0.0) for name, values in functions.activations(inputs) if fits(evidence, values)
    ]
    if found:
        return found[0] if len(found) == 1 else None
    below = inputs < 0
    values = evidence.exact if fits is reference_is else evidence.port
    if min(below.sum(), (inputs > 0).sum()) < FEWEST or values.shape != inputs.shape:
        return None
    slope = multiple(values[below], inputs[below])
    if 0 < slope < 1 and fits(evidence, np.where(below, slope * inputs, inputs)):
        return "leaky", slope
    return None


def _row_of_slopes(evidence: Evidence, slope: float, other: float) -> str:
    if np.float32(slope) != np.float32(other):
        return "leaky-relu-slope"
    if not (_is_single(evidence, slope) or _is_single(evidence, other)):
        return ""
    return ROUNDED.get(evidence.framework, "")


def _is_single(evidence: Evidence, slope: float) -> bool:
    """Whether a slope, as it was found, is a float32 number."""
    return close(evidence, float(np.float32(slope)), slope)


def _below_zero(evidence: Evidence) -> Hint | None:
    """What can be said without the input: from the signs of the two outputs."""
    ours, theirs = evidence.port, evidence.exact
    above = theirs > 0
    if min(above.sum(), (~above).sum()) < FEWEST or not agrees(
        evidence, ours[above], theirs[above]
    ):
        return None
    below = theirs < 0
    if not below.any():
        return _no_relu(evidence)
    if not explains(evidence, np.where(above, theirs, 0.0)):
        return _another_slope(evidence)
    if below.sum() < FEWEST:
        return None
    text = "equal where positive, and 0 where the reference is negative: ReLU"
    return Hint(text, "", "Let negative values pass as the reference's activation does.")


def _no_relu(evidence: Evidence) -> Hint | None:
    """The reference has zeros; the port is below zero at them, or at most of them."""
    ours = evidence.port[evidence.exact == 0]
    if (ours > 0).any() or (ours < 0).sum() < FEWEST:
        return None
    if (ours < 0).sum() < 0.5 * ours.size:
        return None
    return Hint(
        "equal where positive, and negative where the reference is 0: no ReLU, but a function that "
        "lets negative values pass",
        "",
        "Apply ReLU here, as the reference does.",
    )


def _another_slope(evidence: Evidence) -> Hint | None:
    ours, theirs = evidence.port, evidence.exact
    below = theirs < 0
    found = multiple(ours[below], theirs[below])
    if below.sum() < FEWEST or found <= 0:
        return None
    if not explains(evidence, np.where(below, found * theirs, theirs)):
        return None
    text = f"equal where positive, and {found:.5g} times the reference where negative"
    for ratio, (steep, flat) in TELLING.items():
        for factor, ours_is, theirs_is in ((ratio, steep, flat), (1 / ratio, flat, steep)):
            if explains(evidence, np.where(below, factor * theirs, theirs)):
                return Hint(
                    f"{text}, as LeakyReLU's slopes of {ours_is} and {theirs_is}",
                    "leaky-relu-slope",
                    "Write the slope out in both: the frameworks' defaults differ.",
                )
    return Hint(
        f"{text}: another slope or alpha below zero",
        "",
        "Give both activations the same slope (LeakyReLU) or alpha (ELU).",
    )


def bounded(evidence: Evidence) -> Hint | None:
    """Equal, except where one side lies beyond a number at which the other stays."""
    ours, theirs = evidence.port, evidence.exact
    for one, other, who in ((ours, theirs, "the port"), (theirs, ours, "the reference")):
        low, high = (
            bound if bound and (one == bound).sum() >= FEWEST else end
            for bound, end in ((float(one.min()), -np.inf), (float(one.max()), np.inf))
        )
        expected = other.clip(low, high)
        beyond = expected != other
        fits = explains if one is ours else reference_is
        if min(beyond.sum(), (~beyond).sum()) < FEWEST or not fits(evidence, expected):
            continue
        text = " and ".join(f"{bound:.5g}" for bound in (low, high) if np.isfinite(bound))
        return Hint(
            f"equal, but {who} goes no further than {text} where the other does, at "
            f"{beyond.sum():,} of {beyond.size:,} elements",
            "",
            "Limit both in the same way: with the same clip, clamp or ReLU6, or with none.",
        )
    return None
