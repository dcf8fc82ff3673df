"""Adversarial losses on scores (N,), real before fake, each the mean over the batch."""

import tensorflow as tf


def vanilla_discriminator_loss(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """−log σ(real) − log(1 − σ(fake)), the sum of both means, stable for any logit.

    Source: Goodfellow et al. 2014, arXiv:1406.2661; no ½, as in seeds S2 to S4.
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

    Source: Mao et al. 2017, arXiv:1611.04076, equation 2 with factor ½; seed S0 has factor 1.
    """
    real_error = tf.reduce_mean(tf.square(real_scores - real_label))
    fake_error = tf.reduce_mean(tf.square(fake_scores - fake_label))
    return factor * (real_error + fake_error)


def least_squares_generator_loss(
    fake_scores: tf.Tensor, *, gen_label: float, factor: float
) -> tf.Tensor:
    """factor · (fake − gen_label)², the mean over the batch.

    Source: Mao et al. 2017, equation 2 with factor ½; seeds S0 and S1 have factor 1.
    """
    return factor * tf.reduce_mean(tf.square(fake_scores - gen_label))
