"""The losses and their gradients in closed form."""

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


def wasserstein_discriminator(
    real: Array, fake: Array, *, sign: float
) -> tuple[float, Array, Array]:
    """sign · (mean fake − mean real), and its gradients in real and in fake."""
    value = sign * (fake.mean() - real.mean())
    return float(value), np.full_like(real, -sign / real.size), np.full_like(fake, sign / fake.size)


def wasserstein_generator(fake: Array, *, sign: float) -> tuple[float, Array]:
    """−sign · mean fake, and its gradient."""
    return float(-sign * fake.mean()), np.full_like(fake, -sign / fake.size)


def hinge_discriminator(real: Array, fake: Array) -> tuple[float, Array, Array]:
    """max(0, 1 − real) + max(0, 1 + fake), and its gradients, zero at the kinks."""
    value = np.maximum(1 - real, 0).mean() + np.maximum(1 + fake, 0).mean()
    of_real, of_fake = -1.0 * (real < 1) / real.size, 1.0 * (fake > -1) / fake.size
    return float(value), of_real, of_fake


def hinge_generator(fake: Array) -> tuple[float, Array]:
    """−mean fake, and its gradient."""
    return float(-fake.mean()), np.full_like(fake, -1 / fake.size)


def quadratic_penalty(points: Array, slope: Array, *, weight: float) -> tuple[float, Array]:
    """The gradient penalty of the critic D(x) = ½ ‖x‖² + slope · x at `points`, and its gradient
    with respect to `slope`.

    ∇D(x) = x + slope, so the penalty is weight · mean (‖x + slope‖ − 1)², and its gradient in
    the slope 2 · weight · mean (1 − 1/‖x + slope‖) (x + slope), zero where x = −slope.
    """
    gradient = points.reshape(len(points), -1) + slope.reshape(1, -1)
    length = np.linalg.norm(gradient, axis=1, keepdims=True)
    value = weight * ((length - 1) ** 2).mean()
    direction = np.divide(gradient, length, out=np.zeros_like(gradient), where=length > 0)
    of_slope = 2 * weight * ((length - 1) * direction).mean(0)
    return float(value), of_slope.reshape(slope.shape)


def generator_objective(real: Array, fake: Array, labels: tuple[float, float, float]) -> float:
    """Least squares' generator objective at the optimal discriminator of two distributions.

    `real` and `fake` are probabilities of the same outcomes; the labels are real_label, fake_label
    and gen_label. The objective is ½ ∑ (p_r + p_g) (D* − gen_label)² with
    D* = (real_label · p_r + fake_label · p_g) / (p_r + p_g).

    Source: Mao et al. 2017, equations 5 to 8.
    """
    of_real, of_fake, of_generator = labels
    optimal = (of_real * real + of_fake * fake) / (real + fake)
    return float(0.5 * ((real + fake) * (optimal - of_generator) ** 2).sum())


def pearson_chi_squared(observed: Array, expected: Array) -> float:
    """χ²(observed ‖ expected) = Σ (expected − observed)² / observed, as Mao et al. 2017 write it.

    There `observed` is p_d + p_g and `expected` is 2 p_g, so they divide by p_d + p_g.
    """
    return float(((expected - observed) ** 2 / observed).sum())
