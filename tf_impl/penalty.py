"""The critic's update with a gradient penalty: its scores, and how steep they are in between."""

from collections.abc import Callable

import keras
import tensorflow as tf

from tf_impl.device import chosen_device

Gradients = list[tf.Tensor]
Penalty = Callable[[keras.Model, tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]


@tf.function
def penalised_gradients(
    generator: keras.Model,
    discriminator: keras.Model,
    real: tf.Tensor,
    noise: tf.Tensor,
    alpha: tf.Tensor,
    *,
    loss: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    penalty: Penalty,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, Gradients]:
    """The critic's loss, its penalty, the fakes, and the gradients of the sum of the two.

    The critic runs three times: on the real batch, on the fakes, and between them. Its gradients
    hold second derivatives: those of the penalty.
    """
    with tf.device(chosen_device()):
        fake = generator(noise, training=True)
        with tf.GradientTape() as tape:
            real_scores = discriminator(real, training=True)
            value = loss(real_scores, discriminator(fake, training=True))
            extra = penalty(discriminator, real, fake, alpha)
            total = value + extra
        return value, extra, fake, tape.gradient(total, discriminator.trainable_variables)


@tf.function
def penalised_step(
    generator: keras.Model,
    discriminator: keras.Model,
    optimiser: keras.optimizers.Optimizer,
    real: tf.Tensor,
    noise: tf.Tensor,
    alpha: tf.Tensor,
    *,
    loss: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    penalty: Penalty,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Update the critic once and return its loss and its penalty apart, before the update."""
    value, extra, _, gradients = penalised_gradients(
        generator, discriminator, real, noise, alpha, loss=loss, penalty=penalty
    )
    with tf.device(chosen_device()):
        optimiser.apply(gradients, discriminator.trainable_variables)
    return value, extra
