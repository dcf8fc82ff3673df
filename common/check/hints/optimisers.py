"""Parameters after an update: none, uphill, decayed, or of another size."""

import numpy as np

from common.check.hints.adam import adaptive
from common.check.hints.evidence import Evidence, Floats, Hint
from common.check.hints.relations import (
    close,
    explains,
    informative,
    multiple,
    reference_is,
    varies,
)

NESTEROV = (0.5, 0.9, 0.95, 0.99)  # momenta


def update(evidence: Evidence) -> Hint | None:
    """How the port's step differs; the parameter before the step has to be known."""
    if "/" in evidence.name or evidence.before is None:
        return None
    before = np.asarray(evidence.before).astype(np.float64)
    if before.shape != evidence.exact.shape or before.size < 2:
        return None
    for find in (_still, _uphill, _adaptive, _decay, _multiple):
        if hint := find(evidence, before):
            return hint
    return None


def _still(evidence: Evidence, before: Floats) -> Hint | None:
    ours, theirs = (np.array_equal(side, before) for side in (evidence.port, evidence.exact))
    if ours == theirs:
        return None
    if ours:
        remedy = "Give this parameter to the optimiser, and keep the state that the step returns."
        return Hint("unchanged by the step: no update at all", "", remedy)
    remedy = "Leave it out of the port's optimiser, or train it in both."
    return Hint("moved by a step that leaves the reference's parameter as it is", "", remedy)


def _uphill(evidence: Evidence, before: Floats) -> Hint | None:
    if not informative(evidence, 1) or not explains(evidence, 2 * before - evidence.exact):
        return None
    text = "the reference's step with its sign turned: uphill"
    return Hint(text, "", "Minimise in both: turn the sign of the loss or of the update.")


def _adaptive(evidence: Evidence, before: Floats) -> Hint | None:
    gradient = evidence.gradient
    if gradient is None or evidence.step != 1 or np.shape(gradient) != before.shape:
        return None
    return adaptive(evidence, before, np.asarray(gradient).astype(np.float64))


def _decay(evidence: Evidence, before: Floats) -> Hint | None:
    """A share of the parameter itself, which one side takes off."""
    if not varies(evidence, before) or not informative(evidence, 1):
        return None
    found = multiple(evidence.port - evidence.exact, before)
    if not explains(evidence, evidence.exact + found * before):
        return None
    moved = evidence.exact - before
    if explains(evidence, evidence.exact + multiple(evidence.port - evidence.exact, moved) * moved):
        return None  # the reference's own step is a multiple of the parameter
    side = "smaller" if found < 0 else "larger"
    return Hint(
        f"{side} by {abs(found):.5g} times the parameter before the step: weight decay on one side",
        "",
        "Give both optimisers the same weight decay; Adam with it is AdamW in the port's form.",
    )


def _multiple(evidence: Evidence, before: Floats) -> Hint | None:
    ours, theirs = evidence.port - before, evidence.exact - before
    found = multiple(ours, theirs)
    if not found or not informative(evidence, 1):
        return None
    if not explains(evidence, before + found * theirs):
        return None
    text = f"a step {found:.5g} times the reference's in every element"
    gradient = evidence.gradient
    plain = (
        gradient is not None
        and np.shape(gradient) == before.shape
        and reference_is(evidence, before + multiple(theirs, gradient) * gradient)
    )
    if plain and evidence.step == 1:
        for momentum in NESTEROV:
            if close(evidence, found, 1 + momentum):
                text += f", as Nesterov's momentum of {momentum:g} makes the first one"
    return Hint(
        text,
        "",
        "Compare the learning rates, and how the optimiser corrects or scales its moments.",
    )
