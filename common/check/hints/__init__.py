"""What a divergence looks like, matched against the catalogue of differences.

Nothing is guessed from a size: every hint is a relation between two arrays that holds to rounding.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from common.check.hints import (
    activations,
    channels,
    factors,
    gradients,
    losses,
    normalisation,
    numbers,
    optimisers,
    places,
    running,
    shapes,
    slots,
)
from common.check.hints.evidence import Evidence, Hint
from common.check.hints.rearranged import rearranged
from common.check.hints.relations import agrees, limit
from common.parity.bounds import NAMED

__all__ = ["Evidence", "Hint", "look"]

Recogniser = Callable[[Evidence], Hint | None]
# In the order in which they are tried: what tells most comes first.
BY_PHASE: dict[str, tuple[Recogniser, ...]] = {
    "weights": (gradients.nothing, factors.factor, factors.offset),
    "forward": (
        normalisation.normalisation,
        activations.activation,
        activations.bounded,
        factors.factor,
        factors.offset,
        places.convolution,
        places.shift,
        channels.channels,
    ),
    "loss": (losses.loss, factors.factor, factors.offset),
    "backward": (
        gradients.nothing,
        gradients.accumulated,
        gradients.kink,
        factors.factor,
        factors.decay,
        activations.bounded,
        factors.offset,
    ),
    "update": (slots.slot, optimisers.update, factors.decay),
    "statistics": (running.running,),
}


def look(evidence: Evidence) -> Hint | None:
    """What the port's array looks like beside the reference's; None if no relation is proven."""
    if hint := numbers.not_finite(evidence) or shapes.shape(evidence):
        return hint
    if shapes.same_numbers(evidence):
        there = np.asarray(evidence.values).reshape(np.shape(evidence.reference))
        evidence = replace(evidence, values=there)
    if hint := rearranged(evidence):
        return hint
    if not _comparable(evidence):
        return None
    if hint := numbers.fewer_digits(evidence):
        return hint
    if limit(evidence) > NAMED["relation_coarse"]:
        return None
    for recognise in BY_PHASE.get(evidence.phase, ()):
        if hint := recognise(evidence):
            return hint
    return None


def _comparable(evidence: Evidence) -> bool:
    """Whether both are finite, of one shape, and differ."""
    ours, theirs = evidence.port, evidence.exact
    if ours.shape != theirs.shape or not theirs.size:
        return False
    finite = np.isfinite(ours).all() and np.isfinite(theirs).all()
    return bool(finite) and not agrees(evidence, ours, theirs)
