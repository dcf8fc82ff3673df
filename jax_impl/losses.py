"""Adversarial losses on scores (N,), real before fake, each the mean over the batch."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from flax import nnx
from jax.nn import log_sigmoid, relu

Loss = Callable[..., jax.Array]


def vanilla_discriminator_loss(real_logits: jax.Array, fake_logits: jax.Array) -> jax.Array:
    """−log σ(real) − log(1 − σ(fake)), the sum of both means, stable for any logit.

    Source: Goodfellow et al. 2014, arXiv:1406.2661; no ½, as in its sources.
    """
    return -log_sigmoid(real_logits).mean() - log_sigmoid(-fake_logits).mean()


def vanilla_generator_loss(fake_logits: jax.Array) -> jax.Array:
    """−log σ(fake), the non-saturating generator loss.

    Source: Goodfellow et al. 2014, section 3.
    """
    return -log_sigmoid(fake_logits).mean()


def least_squares_discriminator_loss(
    real_scores: jax.Array,
    fake_scores: jax.Array,
    *,
    real_label: float,
    fake_label: float,
    factor: float,
) -> jax.Array:
    """factor · ((real − real_label)² + (fake − fake_label)²), the sum of both means.

    Labels are named by role because the sources swap the letters a and b. With labels −1 for
    fake, 1 for real and 0 for the generator, the generator's objective at the optimal
    discriminator is a Pearson χ²; with 0, 1, 1 and −1, 1, 1 it is not.

    Source: Mao et al. 2017, arXiv:1611.04076, equation 2 with factor ½; Jittor's
    notebook and mnistGANs have factor 1.
    """
    real_error = jnp.square(real_scores - real_label).mean()
    fake_error = jnp.square(fake_scores - fake_label).mean()
    return factor * (real_error + fake_error)


def least_squares_generator_loss(
    fake_scores: jax.Array, *, gen_label: float, factor: float
) -> jax.Array:
    """factor · (fake − gen_label)², the mean over the batch.

    Source: Mao et al. 2017, equation 2 with factor ½; Jittor's notebook, mnistGANs and
    PyTorch-GAN have factor 1.
    """
    return factor * jnp.square(fake_scores - gen_label).mean()


def wasserstein_discriminator_loss(
    real_scores: jax.Array, fake_scores: jax.Array, *, sign: float
) -> jax.Array:
    """sign · (mean fake − mean real): with sign 1 the critic scores real samples high.

    Its negative estimates the Wasserstein distance, for either sign; it is positive once the
    critic separates real from fake.

    Source: Arjovsky et al. 2017, arXiv:1701.07875; arjovsky's WassersteinGAN has sign
    −1, caogang's wgan-gp sign 1.
    """
    return sign * (fake_scores.mean() - real_scores.mean())


def wasserstein_generator_loss(fake_scores: jax.Array, *, sign: float) -> jax.Array:
    """−sign · mean fake: minimising it makes the critic score fakes like real samples.

    Source: Arjovsky et al. 2017, algorithm 1.
    """
    return -sign * fake_scores.mean()


def gradient_penalty(
    discriminator: Callable[[jax.Array], jax.Array],
    real: jax.Array,
    fake: jax.Array,
    alpha: jax.Array,
    *,
    weight: float,
) -> jax.Array:
    """weight · (‖∇ₓ D(x)‖₂ − 1)², the mean over the batch, at points x between real and fake.

    x = alpha · real + (1 − alpha) · fake with one number per sample, alpha (N,). The norm runs
    over every axis of a sample; where the gradient is exactly zero, the norm's own derivative
    counts as zero, not as NaN.

    Source: Gulrajani et al. 2017, arXiv:1704.00028, equation 3.
    """
    alpha = alpha.reshape(-1, *(1,) * (real.ndim - 1))
    between = alpha * real + (1 - alpha) * fake

    # The discriminator is an argument because a captured one could not move its statistics.
    def total(points: jax.Array, discriminator: Callable[[jax.Array], jax.Array]) -> jax.Array:
        return discriminator(points).sum()

    gradient = nnx.grad(total, argnums=0)(between, discriminator)
    return weight * jnp.square(_norms(gradient) - 1).mean()


def hinge_discriminator_loss(real_scores: jax.Array, fake_scores: jax.Array) -> jax.Array:
    """max(0, 1 − real) + max(0, 1 + fake), the sum of both means.

    Source: Miyato et al. 2018, arXiv:1802.05957, equation 16.
    """
    return relu(1 - real_scores).mean() + relu(1 + fake_scores).mean()


def hinge_generator_loss(fake_scores: jax.Array) -> jax.Array:
    """−fake, the mean over the batch.

    Source: Miyato et al. 2018, equation 17.
    """
    return -fake_scores.mean()


def _norms(samples: jax.Array) -> jax.Array:
    squares = jnp.square(samples).sum(tuple(range(1, samples.ndim)))
    # Two wheres: the root's infinite derivative at 0 times the outer one's 0 would be NaN.
    positive = squares > 0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, squares, 1)), 0)
