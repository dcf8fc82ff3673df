"""Adversarial losses on scores (N,), real before fake, each the mean over the batch."""

from collections.abc import Callable

import tensorflow as tf

Loss = Callable[..., tf.Tensor]


def vanilla_discriminator_loss(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """−log σ(real) − log(1 − σ(fake)), the sum of both means, stable for any logit.

    Source: Goodfellow et al. 2014, arXiv:1406.2661; no ½, as in its sources.
    """
    # sigmoid_cross_entropy_with_logits differentiates to a sum that cancels where σ is near the
    # label; log_sigmoid keeps every digit there.
    real_loss = -tf.reduce_mean(tf.math.log_sigmoid(real_logits))
    return real_loss - tf.reduce_mean(tf.math.log_sigmoid(-fake_logits))


def vanilla_generator_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """−log σ(fake), the non-saturating generator loss.

    Source: Goodfellow et al. 2014, section 3.
    """
    return -tf.reduce_mean(tf.math.log_sigmoid(fake_logits))


def least_squares_discriminator_loss(
    real_scores: tf.Tensor,
    fake_scores: tf.Tensor,
    *,
    real_label: float,
    fake_label: float,
    factor: float,
) -> tf.Tensor:
    """factor · ((real − real_label)² + (fake − fake_label)²), the sum of both means.

    Labels are named by role because the sources swap the letters a and b. With labels −1 for
    fake, 1 for real and 0 for the generator, the generator's objective at the optimal
    discriminator is a Pearson χ²; with 0, 1, 1 and −1, 1, 1 it is not.

    Source: Mao et al. 2017, arXiv:1611.04076, equation 2 with factor ½; Jittor's
    notebook and mnistGANs have factor 1.
    """
    real_error = tf.reduce_mean(tf.square(real_scores - real_label))
    fake_error = tf.reduce_mean(tf.square(fake_scores - fake_label))
    return factor * (real_error + fake_error)


def least_squares_generator_loss(
    fake_scores: tf.Tensor, *, gen_label: float, factor: float
) -> tf.Tensor:
    """factor · (fake − gen_label)², the mean over the batch.

    Source: Mao et al. 2017, equation 2 with factor ½; Jittor's notebook, mnistGANs and
    PyTorch-GAN have factor 1.
    """
    return factor * tf.reduce_mean(tf.square(fake_scores - gen_label))


def wasserstein_discriminator_loss(
    real_scores: tf.Tensor, fake_scores: tf.Tensor, *, sign: float
) -> tf.Tensor:
    """sign · (mean fake − mean real): with sign 1 the critic scores real samples high.

    Its negative estimates the Wasserstein distance, for either sign; it is positive once the
    critic separates real from fake.

    Source: Arjovsky et al. 2017, arXiv:1701.07875; arjovsky's WassersteinGAN has sign
    −1, caogang's wgan-gp sign 1.
    """
    return sign * (tf.reduce_mean(fake_scores) - tf.reduce_mean(real_scores))


def wasserstein_generator_loss(fake_scores: tf.Tensor, *, sign: float) -> tf.Tensor:
    """−sign · mean fake: minimising it makes the critic score fakes like real samples.

    Source: Arjovsky et al. 2017, algorithm 1.
    """
    return -sign * tf.reduce_mean(fake_scores)


def gradient_penalty(
    discriminator: Callable[..., tf.Tensor],
    real: tf.Tensor,
    fake: tf.Tensor,
    alpha: tf.Tensor,
    *,
    weight: float,
) -> tf.Tensor:
    """weight · (‖∇ₓ D(x)‖₂ − 1)², the mean over the batch, at points x between real and fake.

    x = alpha · real + (1 − alpha) · fake with one number per sample, alpha (N,). The norm runs
    over every axis of a sample; where the gradient is exactly zero, the norm's own derivative
    counts as zero, not as NaN.

    Source: Gulrajani et al. 2017, arXiv:1704.00028, equation 3.
    """
    alpha = tf.reshape(alpha, (-1, *(1,) * (len(real.shape) - 1)))
    between = tf.stop_gradient(alpha * real + (1 - alpha) * fake)
    with tf.GradientTape() as tape:
        tape.watch(between)
        scores = discriminator(between, training=True)
    slope = tape.gradient(scores, between)
    squares = tf.reduce_sum(tf.square(slope), axis=list(range(1, len(slope.shape))))
    return weight * tf.reduce_mean(tf.square(_root(squares) - 1))


def hinge_discriminator_loss(real_scores: tf.Tensor, fake_scores: tf.Tensor) -> tf.Tensor:
    """max(0, 1 − real) + max(0, 1 + fake), the sum of both means.

    Source: Miyato et al. 2018, arXiv:1802.05957, equation 16.
    """
    real_loss = tf.reduce_mean(tf.nn.relu(1 - real_scores))
    return real_loss + tf.reduce_mean(tf.nn.relu(1 + fake_scores))


def hinge_generator_loss(fake_scores: tf.Tensor) -> tf.Tensor:
    """−fake, the mean over the batch.

    Source: Miyato et al. 2018, equation 17.
    """
    return -tf.reduce_mean(fake_scores)


def _root(squares: tf.Tensor) -> tf.Tensor:
    # Both branches of a tf.where are differentiated: √0 must be in neither, or 0 · ∞ gives NaN.
    positive = squares > 0
    roots = tf.sqrt(tf.where(positive, squares, tf.ones_like(squares)))
    return tf.where(positive, roots, tf.zeros_like(squares))
