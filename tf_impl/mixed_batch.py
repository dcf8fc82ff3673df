"""The step of S0's Keras LSGAN: generator first, then the discriminator on one mixed batch."""

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from tf_impl.device import chosen_device

Gradients = list[tf.Tensor]


@tf.function
def frozen_generator_gradients(
    generator: keras.Model,
    discriminator: keras.Model,
    noise: tf.Tensor,
    *,
    loss: Callable[[tf.Tensor], tf.Tensor],
) -> tuple[tf.Tensor, tf.Tensor, Gradients]:
    """The generator's loss, its fakes, and the gradients of its parameters.

    The discriminator runs in evaluation mode: it drops nothing, and its running statistics
    stand still.
    """
    with tf.device(chosen_device()):
        with tf.GradientTape() as tape:
            fake = generator(noise, training=True)
            value = loss(discriminator(fake, training=False))
        return value, fake, tape.gradient(value, generator.trainable_variables)


@tf.function
def mixed_discriminator_gradients(
    discriminator: keras.Model,
    real: tf.Tensor,
    fake: tf.Tensor,
    *,
    loss: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    masks: Sequence[tf.Tensor] = (),
) -> tuple[tf.Tensor, Gradients]:
    """The discriminator's loss and gradients on real and fake images in one forward pass.

    One pass means one set of batch statistics, over the mixture; they move once.
    """
    with tf.device(chosen_device()):
        with tf.GradientTape() as tape:
            scores = discriminator(tf.concat([real, fake], axis=0), *masks, training=True)
            value = loss(*tf.split(scores, [real.shape[0], fake.shape[0]]))
        return value, tape.gradient(value, discriminator.trainable_variables)


@tf.function
def mixed_batch_step(
    generator: keras.Model,
    discriminator: keras.Model,
    generator_optimiser: keras.optimizers.Optimizer,
    discriminator_optimiser: keras.optimizers.Optimizer,
    real: tf.Tensor,
    noise: tf.Tensor,
    *,
    generator_loss: Callable[[tf.Tensor], tf.Tensor],
    discriminator_loss: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    masks: Sequence[tf.Tensor] = (),
) -> tuple[tf.Tensor, tf.Tensor]:
    """Update the generator on noise (2N, latent_dim), then the discriminator; return both losses.

    The discriminator meets the real batch (N) and the first N of the fakes that the generator
    made before its update. The losses come discriminator first.
    """
    fooled, fake, gradients = frozen_generator_gradients(
        generator, discriminator, noise, loss=generator_loss
    )
    with tf.device(chosen_device()):
        generator_optimiser.apply(gradients, generator.trainable_variables)
    value, gradients = mixed_discriminator_gradients(
        discriminator, real, fake[: real.shape[0]], loss=discriminator_loss, masks=masks
    )
    with tf.device(chosen_device()):
        discriminator_optimiser.apply(gradients, discriminator.trainable_variables)
    return value, fooled
