"""One update of each optimiser, as a pure function of weights, gradient and slots."""

import numpy as np

from common.streams import Array

Slots = dict[str, Array]


def adam(
    weights: Array,
    gradient: Array,
    slots: Slots,
    step: int,
    *,
    learning_rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
) -> tuple[Array, Slots]:
    """w − lr · m̂ / (√v̂ + ε) at the step-th update, counted from 1 (Kingma and Ba 2015)."""
    first = beta1 * slots["first_moment"] + (1 - beta1) * gradient
    second = beta2 * slots["second_moment"] + (1 - beta2) * gradient**2
    corrected_first = first / (1 - beta1**step)
    corrected_second = second / (1 - beta2**step)
    moved = weights - learning_rate * corrected_first / (np.sqrt(corrected_second) + epsilon)
    return moved, {"first_moment": first, "second_moment": second}


def keras_adam(
    weights: Array,
    gradient: Array,
    slots: Slots,
    step: int,
    *,
    learning_rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
) -> tuple[Array, Slots]:
    """w − lr · √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε): epsilon is added to the uncorrected root."""
    first = beta1 * slots["first_moment"] + (1 - beta1) * gradient
    second = beta2 * slots["second_moment"] + (1 - beta2) * gradient**2
    rate = learning_rate * np.sqrt(1 - beta2**step) / (1 - beta1**step)
    moved = weights - rate * first / (np.sqrt(second) + epsilon)
    return moved, {"first_moment": first, "second_moment": second}


def rmsprop(
    weights: Array,
    gradient: Array,
    slots: Slots,
    step: int,
    *,
    learning_rate: float,
    decay: float,
    epsilon: float,
) -> tuple[Array, Slots]:
    """w − lr · g / (√v + ε) with v = ρ·v + (1−ρ)·g²."""
    square = decay * slots["square_average"] + (1 - decay) * gradient**2
    moved = weights - learning_rate * gradient / (np.sqrt(square) + epsilon)
    return moved, {"square_average": square}


def sgd(
    weights: Array,
    gradient: Array,
    slots: Slots,
    step: int,
    *,
    learning_rate: float,
    momentum: float,
) -> tuple[Array, Slots]:
    """w − lr · b with b = μ·b + g."""
    buffer = momentum * slots["momentum"] + gradient
    return weights - learning_rate * buffer, {"momentum": buffer}
