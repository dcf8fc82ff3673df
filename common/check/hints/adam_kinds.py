"""Explanations of the first step of Adam, each with the factors of L and E that it gives."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np

from common.parity.bounds import NAMED

FIRST = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99)  # usual β₁
SECOND = (0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9999)  # usual β₂, and ρ of RMSprop
LARGEST = 1e-2  # ε / (1 − ρ) of RMSprop; a larger number is none of its epsilons


@dataclass(frozen=True)
class Kind:
    """An explanation, with the factors of L and E that it gives; β₂ if it depends on it."""

    name: str
    rate: float
    epsilon: float
    beta2: float | None = None


TEXTS = {
    "place": (
        "Adam with its epsilon in another place: it counts {epsilon:.4g} times as much at step 1",
        "adam-epsilon",
        "Add epsilon in both to the corrected root, √v̂ + ε, or in both to the uncorrected one.",
    ),
    "default": (
        "Adam with another epsilon: it counts {epsilon:.4g} times as much at step 1",
        "adam-epsilon-default",
        "Write epsilon out in both: the defaults are 1e-7 in Keras and 1e-8 elsewhere.",
    ),
    "uncorrected": (
        "Adam without bias correction: a step {rate:.5g} times the reference's",
        "",
        "Divide the moments by 1 − β₁ᵗ and 1 − β₂ᵗ in both.",
    ),
    "second": (
        "Adam with the bias correction of step 2 at step 1",
        "backward-counts",
        "Count the optimiser's steps, from 1, and not its backward passes.",
    ),
    "float32": (
        "Adam with a bias correction of float32: a step {rate:.8g} times the reference's",
        "adam-bias-float32",
        "Compute 1 − βᵗ in float64, or as −expm1(t · log β).",
    ),
}


def kinds() -> Iterator[Kind]:
    """Every explanation, for every usual pair of decay rates."""
    yield Kind("default", 1.0, 10.0)
    for beta2 in SECOND:
        root = sqrt(1 - beta2)
        yield Kind("place", 1.0, 1 / root, beta2)
        yield Kind("default", 1.0, 10 / root, beta2)
        for beta1 in FIRST:
            rate = (1 - beta1) / root
            for epsilon in (1.0, 1 / root):
                yield Kind("uncorrected", rate, epsilon, beta2)
            if abs(rate * 20 - round(rate * 20)) < NAMED["same_rate"]:
                yield Kind("rate", rate, 1.0)  # a round number may be that of a learning rate
            for epsilon in (1.0, sqrt(1 + beta2)):
                yield Kind("second", sqrt(1 + beta2) / (1 + beta1), epsilon, beta2)
            rate, epsilon = _single(beta1, beta2)
            yield Kind("float32", rate, 1.0, beta2)
            yield Kind("float32", rate, epsilon, beta2)
        for other in SECOND:
            if other != beta2:
                ratio = sqrt((1 - beta2) / (1 - other))
                yield Kind("decay of RMSprop", ratio, ratio, beta2)


def _single(beta1: float, beta2: float) -> tuple[float, float]:
    """The factors of L and E of a step whose bias correction has its powers from float32."""
    first, second = (1 - float(np.float32(beta)) for beta in (beta1, beta2))
    root = sqrt(second / (1 - beta2))
    return (1 - beta1) / first * root, root
