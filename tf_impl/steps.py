"""One update of the discriminator and one of the generator: the showcase of each framework."""

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from tf_impl.device import chosen_device

Gradients = list[tf.Tensor]


@tf.function
def discriminator_gradients(
    generator: keras.Model,
    discriminator: keras.Model,
    real: tf.Tensor,
    noise: tf.Tensor,
    *,
    loss: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    real_masks: Sequence[tf.Tensor] = (),
    fake_masks: Sequence[tf.Tensor] = (),
) -> tuple[tf.Tensor, tf.Tensor, Gradients]:
    """The discriminator's loss, the fakes, and the gradients of its parameters.

    Both networks run in training mode, so running statistics move: the generator's once, the
    discriminator's on the real batch and then on the fakes.
    """
    with tf.device(chosen_device()):
        fake = generator(noise, training=True)
        with tf.GradientTape() as tape:
            real_scores = discriminator(real, *real_masks, training=True)
            value = loss(real_scores, discriminator(fake, *fake_masks, training=True))
        return value, fake, tape.gradient(value, discriminator.trainable_variables)


@tf.function
def discriminator_step(
    generator: keras.Model,
    discriminator: keras.Model,
    optimiser: keras.optimizers.Optimizer,
    real: tf.Tensor,
    noise: tf.Tensor,
    *,
    loss: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    real_masks: Sequence[tf.Tensor] = (),
    fake_masks: Sequence[tf.Tensor] = (),
) -> tf.Tensor:
    """Update the discriminator once and return its loss before the update."""
    value, _, gradients = discriminator_gradients(
        generator,
        discriminator,
        real,
        noise,
        loss=loss,
        real_masks=real_masks,
        fake_masks=fake_masks,
    )
    with tf.device(chosen_device()):
        optimiser.apply(gradients, discriminator.trainable_variables)
    return value


@tf.function
def generator_gradients(
    generator: keras.Model,
    discriminator: keras.Model,
    noise: tf.Tensor,
    *,
    loss: Callable[[tf.Tensor], tf.Tensor],
    masks: Sequence[tf.Tensor] = (),
) -> tuple[tf.Tensor, Gradients]:
    """The generator's loss and the gradients of its parameters.

    Both networks run in training mode: the generator's and the discriminator's running
    statistics move once.
    """
    with tf.device(chosen_device()):
        with tf.GradientTape() as tape:
            fake = generator(noise, training=True)
            value = loss(discriminator(fake, *masks, training=True))
        return value, tape.gradient(value, generator.trainable_variables)


@tf.function
def generator_step(
    generator: keras.Model,
    discriminator: keras.Model,
    optimiser: keras.optimizers.Optimizer,
    noise: tf.Tensor,
    *,
    loss: Callable[[tf.Tensor], tf.Tensor],
    masks: Sequence[tf.Tensor] = (),
) -> tf.Tensor:
    """Update the generator once and return its loss before the update."""
    value, gradients = generator_gradients(generator, discriminator, noise, loss=loss, masks=masks)
    with tf.device(chosen_device()):
        optimiser.apply(gradients, generator.trainable_variables)
    return value
