"""Adversarial losses on scores (N,), real before fake, each the mean over the batch."""

import jax
import jax.numpy as jnp
from jax.nn import log_sigmoid


def vanilla_discriminator_loss(real_logits: jax.Array, fake_logits: jax.Array) -> jax.Array:
    """−log σ(real) − log(1 − σ(fake)), the sum of both means, stable for any logit.

    Source: Goodfellow et al. 2014, arXiv:1406.2661; no ½, as in seeds S2 to S4.
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

    Source: Mao et al. 2017, arXiv:1611.04076, equation 2 with factor ½; seed S0 has factor 1.
    """
    real_error = jnp.square(real_scores - real_label).mean()
    fake_error = jnp.square(fake_scores - fake_label).mean()
    return factor * (real_error + fake_error)


def least_squares_generator_loss(
    fake_scores: jax.Array, *, gen_label: float, factor: float
) -> jax.Array:
    """factor · (fake − gen_label)², the mean over the batch.

    Source: Mao et al. 2017, equation 2 with factor ½; seeds S0 and S1 have factor 1.
    """
    return factor * jnp.square(fake_scores - gen_label).mean()
