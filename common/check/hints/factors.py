"""One number between the port's array and the reference's: a factor or an offset."""

from math import sqrt

import numpy as np

from common.check.hints.evidence import Evidence, Hint
from common.check.hints.relations import (
    close,
    explains,
    informative,
    limit,
    multiple,
    number,
    reference_is,
    sizes,
    varies,
)
from common.parity.bounds import NAMED

DROPOUT_RATES = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9)
CONSTANTS = (0.1, 0.2, 0.3, 0.01, 0.001, 0.9, 0.99, 0.999, 1.702)
WEIGHTS = (3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 20.0, 50.0, 100.0, 1000.0)  # that losses usually have
SMALLEST_COUNT = 4  # N/(N−1) of fewer values is 2 or 1.5, which mean other things as well

REDUCTION = (
    "Compare what the two divide by, a sum or a mean over these values, or look for a weight of "
    "this size."
)
LOOK = "Look for a number of this size in the stage: a weight of the loss, a scale, a divisor."


def factor(evidence: Evidence) -> Hint | None:
    """The port's array is a multiple of the reference's."""
    if evidence.exact.size == 1:
        return scalar(evidence)
    found = multiple(evidence.port, evidence.exact)
    if not found or not informative(evidence, 1) or not explains(evidence, found * evidence.exact):
        return None
    for recognise in (_rounded, _dropout, _named):
        if hint := recognise(evidence, found):
            return hint
    if not varies(evidence, evidence.exact) or evidence.exact.size <= 2:
        return None
    return Hint(f"{number(found)} times the reference everywhere", "", LOOK)


def scalar(evidence: Evidence) -> Hint | None:
    """A loss that is a multiple of the reference's by a factor that has a meaning.

    Any number is a multiple of any other, so that nothing is said of other factors.
    """
    ours, theirs = float(evidence.port.ravel()[0]), float(evidence.exact.ravel()[0])
    if evidence.phase != "loss" or limit(evidence) > NAMED["relation_coarse"] or not theirs:
        return None
    if hint := _named(evidence, ours / theirs):
        return hint
    for offset, words in ((1.0, "more"), (-1.0, "less")):
        if abs(ours - theirs - offset) <= limit(evidence) * max(abs(ours), abs(theirs)):
            text = f"the reference and exactly 1 {words}"
            return Hint(text, "", "Look for a constant that one of the losses adds.")
    return None


def _named(evidence: Evidence, found: float) -> Hint | None:
    if close(evidence, found, -1.0):
        remedy = "One of the two is subtracted or minimised where the other is added or maximised."
        return Hint("the reference with its sign turned everywhere", "", remedy)
    meanings = _meanings(evidence, found)
    for count in (2, 0.5):
        if close(evidence, found, count):
            words = "twice" if count == 2 else "half of"
            also = f", or {meanings[0]}" if meanings else ""
            of_loss = evidence.phase in ("loss", "backward")
            why = ": a factor ½ in the loss" + also if of_loss else ""
            return Hint(f"{words} the reference everywhere{why}", "", LOOK)
    if meanings:
        text = f"{number(found)} times the reference everywhere"
        if any(close(evidence, found, size**sign) for size in WEIGHTS for sign in (1, -1)):
            text += ", a weight of this size, or one of its own sizes"
        return Hint(f"{text} ({' or '.join(meanings[:2])})", "", REDUCTION)
    return _unbiased(evidence, found)


def _meanings(evidence: Evidence, found: float) -> list[str]:
    """What the factor or its inverse counts; the roots of sizes in the forward pass alone."""
    meanings = []
    for size, meaning in sizes(evidence).items():
        values = {float(size): f"{size:,} is {meaning}", 1.0 / size: f"{size:,} is {meaning}"}
        if evidence.phase == "forward":
            root = sqrt(size)
            values |= {root: f"√{size:,}, and {size:,} is {meaning}"}
            values |= {1 / root: f"1/√{size:,}, and {size:,} is {meaning}"}
        meanings += [text for value, text in values.items() if close(evidence, found, value)]
    return meanings


def _unbiased(evidence: Evidence, found: float) -> Hint | None:
    """N / (N − 1) of a variance, which is positive, or the root of it, of whatever is divided."""
    if evidence.phase != "forward":
        return None
    powers = (1.0, 0.5) if (evidence.exact > 0).all() else (0.5,)
    for size, meaning in sizes(evidence).items():
        if size < SMALLEST_COUNT:
            continue
        for power in powers:
            for over, under in ((size, size - 1), (size - 1, size)):
                if close(evidence, found, (over / under) ** power):
                    root = "the root of " if power != 1 else ""
                    return Hint(
                        f"{root}{over:,}/{under:,} times the reference everywhere ({size:,} is "
                        f"{meaning}), as a variance divided by N − 1 on one side gives",
                        "unbiased-deviation",
                        "Divide the variance by the same count in both: N (correction=0) or N − 1.",
                    )
    return None


def _dropout(evidence: Evidence, found: float) -> Hint | None:
    """Dropout's 1/(1 − p), where both have zeros at the same places, as many as p says."""
    zeros, theirs = evidence.port == 0, evidence.exact == 0
    signs = (evidence.exact > 0).any() and (evidence.exact < 0).any()
    if evidence.phase != "forward" or not signs or not np.array_equal(zeros, theirs):
        return None
    share, count = zeros.mean(), zeros.size
    for rate in DROPOUT_RATES:
        error = NAMED["standard_errors"] * sqrt(rate * (1 - rate) / count)
        for scaled, value in ((True, 1 / (1 - rate)), (False, 1 - rate)):
            if close(evidence, found, value) and abs(share - rate) <= error:
                side = "the port's" if scaled else "the reference's"
                return Hint(
                    f"dropout of {rate:g}, in which {side} kept values alone are divided by "
                    f"1 − {rate:g}",
                    "",
                    "Divide what dropout keeps by 1 − p in training, and by nothing in evaluation.",
                )
    return None


def _rounded(evidence: Evidence, found: float) -> Hint | None:
    """A factor of almost 1: a constant that one side has in float32.

    Numbers that differ by a power of two have the same factor, so that several may be named.
    """
    if not evidence.double or abs(found - 1) > 2.0**-24:
        return None
    counts = {1 / size: f"1/{size:,}" for size in sizes(evidence)}
    usual = {number: f"{number:g}" for number in CONSTANTS}
    names = [text for value, text in (counts | usual).items() if _is_single(evidence, found, value)]
    rows = {"jittor": "jittor-numbers", "tf": "cast-numbers"} if names else {}
    row = rows.get(evidence.framework, "")
    if names and names[0].startswith("1/") and not set(names) & set(usual.values()):
        of_mean = evidence.phase == "backward" and evidence.framework == "jittor"
        row = "mean-gradient" if of_mean else row
    example = f"{' or '.join(names[:3])} rounded" if names else "rounding a constant"
    return Hint(
        f"{number(found)} times the reference everywhere, as {example} to float32 gives",
        row,
        "Make the constants of this stage in the type of the run, as float64 arrays or tensors.",
    )


def _is_single(evidence: Evidence, found: float, value: float) -> bool:
    ratio = float(np.float32(value)) / value
    return ratio != 1 and (close(evidence, found, ratio) or close(evidence, found, 1 / ratio))


def offset(evidence: Evidence) -> Hint | None:
    """The port's array is the reference's and one number more."""
    difference = evidence.port - evidence.exact
    if difference.size < 3 or not informative(evidence, 1) or not varies(evidence, evidence.exact):
        return None
    found = float(difference.mean())
    if not explains(evidence, evidence.exact + found):
        return None
    text = f"the reference and {found:+.5g} everywhere"
    return Hint(text, "", "Look for a constant that one side adds: a bias, a shift, a label.")


def decay(evidence: Evidence) -> Hint | None:
    """A gradient, or a first moment, with a share of the weight in it."""
    weight = evidence.weight(evidence.name.partition("/")[0].rpartition(".")[2], evidence.exact)
    if weight is None or not varies(evidence, weight) or not informative(evidence, 1):
        return None
    found = multiple(evidence.port - evidence.exact, weight)
    if not explains(evidence, evidence.exact + found * weight):
        return None
    if reference_is(evidence, multiple(evidence.exact, weight) * weight):
        return None  # a multiple of the weight itself says nothing
    return Hint(
        f"the reference and {found:+.5g} times the weight: weight decay on one side",
        "",
        "Give both the same weight decay, and in the same place: in the gradient or the update.",
    )
