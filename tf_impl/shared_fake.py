"""Both updates from one forward pass of the generator."""

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from tf_impl.device import chosen_device


@tf.function
def shared_fake_step(
    generator: keras.Model,
    discriminator: keras.Model,
    generator_optimiser: keras.optimizers.Optimizer,
    discriminator_optimiser: keras.optimizers.Optimizer,
    real: tf.Tensor,
    noise: tf.Tensor,
    *,
    generator_loss: Callable[[tf.Tensor], tf.Tensor],
    discriminator_loss: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    real_masks: Sequence[tf.Tensor] = (),
    fake_masks: Sequence[tf.Tensor] = (),
    generator_masks: Sequence[tf.Tensor] = (),
) -> tuple[tf.Tensor, tf.Tensor]:
    """Update the discriminator, then the generator through the same fakes; return both losses.

    The generator's running statistics move once; the discriminator's on the real batch, on the
    fakes, and, updated, on the fakes again.
    """
    with tf.device(chosen_device()), tf.GradientTape() as generator_tape:
        fake = generator(noise, training=True)
        with generator_tape.stop_recording():
            with tf.GradientTape() as tape:
                real_scores = discriminator(real, *real_masks, training=True)
                fake_scores = discriminator(fake, *fake_masks, training=True)
                value = discriminator_loss(real_scores, fake_scores)
            gradients = tape.gradient(value, discriminator.trainable_variables)
            discriminator_optimiser.apply(gradients, discriminator.trainable_variables)
        fooled = generator_loss(discriminator(fake, *generator_masks, training=True))
    with tf.device(chosen_device()):
        gradients = generator_tape.gradient(fooled, generator.trainable_variables)
        generator_optimiser.apply(gradients, generator.trainable_variables)
    return value, fooled
