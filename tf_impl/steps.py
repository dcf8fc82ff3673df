"""The updates of a training step, written as users of this framework write them."""

from collections.abc import Sequence

import keras
import tensorflow as tf
from keras.optimizers import Optimizer

from tf_impl.device import chosen_device
from tf_impl.losses import Loss

Gradients = list[tf.Tensor]
Masks = Sequence[tf.Tensor]


@tf.function
def discriminator_gradients(
    generator: keras.Model,
    discriminator: keras.Model,
    real: tf.Tensor,
    noise: tf.Tensor,
    *,
    loss: Loss,
    penalty: Loss | None = None,
    alpha: tf.Tensor | None = None,
    real_masks: Masks = (),
    fake_masks: Masks = (),
) -> tuple[dict[str, tf.Tensor], tf.Tensor, Gradients]:
    """The discriminator's losses, the fakes, and the gradients of its parameters.

    Both networks run in training mode, so running statistics move: the generator's once, the
    discriminator's on the real batch, on the fakes and, for a penalty, in between, where gradients
    hold second derivatives. The losses are "loss" and, where there is one, "penalty".
    """
    with tf.device(chosen_device()):
        fake = generator(noise, training=True)
        with tf.GradientTape() as tape:
            real_scores = discriminator(real, *real_masks, training=True)
            losses = {"loss": loss(real_scores, discriminator(fake, *fake_masks, training=True))}
            if penalty is not None:
                losses["penalty"] = penalty(discriminator, real, fake, alpha)
        # The gradient of a list is that of its sum.
        return losses, fake, tape.gradient([*losses.values()], discriminator.trainable_variables)


@tf.function
def discriminator_step(
    generator: keras.Model,
    discriminator: keras.Model,
    optimiser: Optimizer,
    real: tf.Tensor,
    noise: tf.Tensor,
    *,
    loss: Loss,
    penalty: Loss | None = None,
    alpha: tf.Tensor | None = None,
    real_masks: Masks = (),
    fake_masks: Masks = (),
) -> dict[str, tf.Tensor]:
    """Update the discriminator once and return its losses before the update."""
    # Replicas synchronise in no tf.function but the one that runs them.
    losses, _, gradients = discriminator_gradients.python_function(
        generator,
        discriminator,
        real,
        noise,
        loss=loss,
        penalty=penalty,
        alpha=alpha,
        real_masks=real_masks,
        fake_masks=fake_masks,
    )
    # Grappler drops the order between a penalty's reading of a variable and the update of it.
    with tf.device(chosen_device()), tf.control_dependencies(tf.nest.flatten(losses)):
        optimiser.apply(gradients, discriminator.trainable_variables)
    return losses


@tf.function
def generator_gradients(
    generator: keras.Model,
    discriminator: keras.Model,
    noise: tf.Tensor,
    *,
    loss: Loss,
    frozen: bool = False,
    masks: Masks = (),
) -> tuple[tf.Tensor, tf.Tensor, Gradients]:
    """The generator's loss, its fakes, and the gradients of its parameters.

    Both networks run in training mode, and their running statistics move once. A frozen
    discriminator runs in evaluation mode: it drops nothing, and its statistics stand still.
    """
    with tf.device(chosen_device()):
        with tf.GradientTape() as tape:
            fake = generator(noise, training=True)
            value = loss(discriminator(fake, *masks, training=not frozen))
        return value, fake, tape.gradient(value, generator.trainable_variables)


@tf.function
def generator_step(
    generator: keras.Model,
    discriminator: keras.Model,
    optimiser: Optimizer,
    noise: tf.Tensor,
    *,
    loss: Loss,
    masks: Masks = (),
) -> tf.Tensor:
    """Update the generator once and return its loss before the update."""
    value, _, gradients = generator_gradients.python_function(
        generator, discriminator, noise, loss=loss, masks=masks
    )
    with tf.device(chosen_device()):
        optimiser.apply(gradients, generator.trainable_variables)
    return value


@tf.function
def shared_fakes_step(
    generator: keras.Model,
    discriminator: keras.Model,
    generator_optimiser: Optimizer,
    discriminator_optimiser: Optimizer,
    real: tf.Tensor,
    noise: tf.Tensor,
    *,
    generator_loss: Loss,
    discriminator_loss: Loss,
    real_masks: Masks = (),
    fake_masks: Masks = (),
    generator_masks: Masks = (),
) -> tuple[tf.Tensor, tf.Tensor]:
    """Update the discriminator, then the generator through the same fakes; return both losses.

    Running statistics move once for the generator and three times for the discriminator.
    """
    with tf.device(chosen_device()), tf.GradientTape() as generator_tape:
        fake = generator(noise, training=True)
        with generator_tape.stop_recording():
            with tf.GradientTape() as tape:
                scores = discriminator(real, *real_masks, training=True)
                loss_d = discriminator_loss(scores, discriminator(fake, *fake_masks, training=True))
            gradients = tape.gradient(loss_d, discriminator.trainable_variables)
            discriminator_optimiser.apply(gradients, discriminator.trainable_variables)
        loss_g = generator_loss(discriminator(fake, *generator_masks, training=True))
    with tf.device(chosen_device()):
        gradients = generator_tape.gradient(loss_g, generator.trainable_variables)
        generator_optimiser.apply(gradients, generator.trainable_variables)
    return loss_d, loss_g


@tf.function
def mixed_discriminator_gradients(
    discriminator: keras.Model,
    real: tf.Tensor,
    fake: tf.Tensor,
    *,
    loss: Loss,
    masks: Masks = (),
) -> tuple[tf.Tensor, Gradients]:
    """The discriminator's loss and gradients on one mixed batch, with one set of statistics."""
    with tf.device(chosen_device()):
        with tf.GradientTape() as tape:
            scores = discriminator(tf.concat([real, fake], axis=0), *masks, training=True)
            value = loss(*tf.split(scores, [real.shape[0], fake.shape[0]]))
        return value, tape.gradient(value, discriminator.trainable_variables)


@tf.function
def mixed_batch_step(
    generator: keras.Model,
    discriminator: keras.Model,
    generator_optimiser: Optimizer,
    discriminator_optimiser: Optimizer,
    real: tf.Tensor,
    noise: tf.Tensor,
    *,
    generator_loss: Loss,
    discriminator_loss: Loss,
    masks: Masks = (),
) -> tuple[tf.Tensor, tf.Tensor]:
    """Update the generator on noise (2N, latent_dim), then the discriminator; return both losses.

    The discriminator sees the real batch (N) and the first N fakes, made before that update.
    """
    loss_g, fake, gradients = generator_gradients.python_function(
        generator, discriminator, noise, loss=generator_loss, frozen=True
    )
    with tf.device(chosen_device()):
        generator_optimiser.apply(gradients, generator.trainable_variables)
    loss_d, gradients = mixed_discriminator_gradients.python_function(
        discriminator, real, fake[: real.shape[0]], loss=discriminator_loss, masks=masks
    )
    with tf.device(chosen_device()):
        discriminator_optimiser.apply(gradients, discriminator.trainable_variables)
    return loss_d, loss_g
