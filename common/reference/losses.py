"""Losses and their gradients in closed form."""

import numpy as np

from common.streams import Array


def softplus(values: Array) -> Array:
    """log(1 + eˣ), accurate for any x."""
    positive: Array = np.maximum(values, 0)
    value: Array = positive + np.log1p(np.exp(-np.abs(values)))
    return value


def sigmoid(values: Array) -> Array:
    """1 / (1 + e⁻ˣ), accurate for any x."""
    return np.exp(-softplus(-values))


def vanilla_discriminator(real: Array, fake: Array) -> tuple[float, Array, Array]:
    """The loss −log σ(real) − log(1 − σ(fake)), and its gradients in real and in fake."""
    value = softplus(-real).mean() + softplus(fake).mean()
    return float(value), -sigmoid(-real) / real.size, sigmoid(fake) / fake.size


def vanilla_generator(fake: Array) -> tuple[float, Array]:
    """The loss −log σ(fake), and its gradient."""
    return float(softplus(-fake).mean()), -sigmoid(-fake) / fake.size


def least_squares_discriminator(
    real: Array, fake: Array, *, real_label: float, fake_label: float, factor: float
) -> tuple[float, Array, Array]:
    """factor · ((real − real_label)² + (fake − fake_label)²), and its gradients."""
    real_error, fake_error = real - real_label, fake - fake_label
    value = factor * ((real_error**2).mean() + (fake_error**2).mean())
    return (float(value), 2 * factor * real_error / real.size, 2 * factor * fake_error / fake.size)


def least_squares_generator(fake: Array, *, gen_label: float, factor: float) -> tuple[float, Array]:
    """factor · (fake − gen_label)², and its gradient."""
    error = fake - gen_label
    return float(factor * (error**2).mean()), 2 * factor * error / fake.size
