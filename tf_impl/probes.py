"""Quantities that parity compares besides whole steps: forward passes and gradients."""

from collections.abc import Callable, Collection

import keras
import numpy as np
import tensorflow as tf

from common.streams.step_inputs import StepInputs
from common.systems.schedules import MixedBatch
from tf_impl import steps
from tf_impl.device import chosen_device, is_mixed
from tf_impl.gan import GAN
from tf_impl.interop import native_masks, to_native
from tf_impl.tracing import watched


def forward(network: keras.Model, inputs: tf.Tensor, *, training: bool) -> tf.Tensor:
    """The network's output; in training mode its running statistics are updated."""
    with tf.device(chosen_device()):
        return network(inputs, training=training)


def layer_outputs(
    network: keras.Model, inputs: tf.Tensor, layers: Collection[str]
) -> dict[str, np.ndarray]:
    """What each of these layers gives at its first call, in training mode, by its name."""
    outputs: dict[str, np.ndarray] = {}

    def keep(phase: str, name: str, values: np.ndarray) -> None:
        if name in layers:
            outputs.setdefault(name, values)

    with watched({"": network}, {}, keep):
        forward(network, inputs, training=True)
    return outputs


def first_discriminator_gradients(
    gan: GAN, inputs: StepInputs
) -> tuple[tf.Tensor, tf.Tensor, steps.Gradients]:
    """Loss, fakes and gradients of a step's first discriminator update, not applied."""
    first, networks = inputs.discriminator[0], (gan.generator, gan.discriminator)
    real, loss = to_native(first.real), gan.discriminator_loss
    if isinstance(gan.system.schedule, MixedBatch):
        noise = to_native(inputs.generator[0].noise)
        _, fake, _ = steps.generator_gradients(
            *networks, noise, loss=gan.generator_loss, frozen=True
        )
        fake = fake[: len(real)]
        value, gradients = steps.mixed_discriminator_gradients(
            gan.discriminator, real, fake, loss=loss, **native_masks(masks=first.real_masks)
        )
        return value, fake, gradients
    losses, fake, gradients = steps.discriminator_gradients(
        *networks,
        real,
        to_native(first.noise),
        loss=loss,
        penalty=gan.penalty,
        alpha=None if first.alpha is None else to_native(first.alpha),
        **native_masks(real_masks=first.real_masks, fake_masks=first.fake_masks),
    )
    if "penalty" in losses:
        return losses["loss"] + losses["penalty"], fake, gradients
    return losses["loss"], fake, gradients


def first_generator_gradients(gan: GAN, inputs: StepInputs) -> tuple[tf.Tensor, steps.Gradients]:
    """Loss and gradients of a step's first generator update, not applied."""
    first, frozen = inputs.generator[0], isinstance(gan.system.schedule, MixedBatch)
    value, _, gradients = steps.generator_gradients(
        gan.generator,
        gan.discriminator,
        to_native(first.noise),
        loss=gan.generator_loss,
        frozen=frozen,
        **native_masks(masks=first.masks),
    )
    return value, gradients


def discriminator_input_gradients(
    discriminator: keras.Model,
    real: tf.Tensor,
    fake: tf.Tensor,
    *,
    loss: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
) -> tuple[tf.Tensor, tf.Tensor]:
    """The gradients of the discriminator's loss with respect to real and fake images."""
    # If real and fake were the same tensor, the tape would return one gradient, their sum.
    real, fake = tf.identity(real), tf.identity(fake)
    with tf.device(chosen_device()), tf.GradientTape() as tape:
        tape.watch((real, fake))
        real_scores = discriminator(real, training=True)
        value = loss(real_scores, discriminator(fake, training=True))
    return tape.gradient(value, (real, fake))


def generator_input_gradient(
    generator: keras.Model,
    discriminator: keras.Model,
    noise: tf.Tensor,
    *,
    loss: Callable[[tf.Tensor], tf.Tensor],
) -> tf.Tensor:
    """The gradient of the generator's loss with respect to its noise."""
    with tf.device(chosen_device()), tf.GradientTape() as tape:
        tape.watch(noise)
        value = loss(discriminator(generator(noise, training=True), training=True))
    return tape.gradient(value, noise)


def penalty_gradients(
    discriminator: keras.Model,
    real: tf.Tensor,
    fake: tf.Tensor,
    alpha: tf.Tensor,
    *,
    penalty: Callable[..., tf.Tensor],
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """The gradient penalty alone, and its gradient with respect to every parameter."""
    with tf.device(chosen_device()), tf.GradientTape() as tape:
        value = penalty(discriminator, real, fake, alpha)
    # The last bias does not affect the gradient of the scores; its zeros need the raw variable.
    variables = [variable.value for variable in discriminator.trainable_variables]
    zero = tf.UnconnectedGradients.ZERO
    return value, tape.gradient(value, variables, unconnected_gradients=zero)


def pull_back(
    function: Callable[..., tf.Tensor], upstream: tf.Tensor, *inputs: tf.Tensor
) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
    """The function's output, and the vector-Jacobian product of `upstream` with each input."""
    inputs = tuple(tf.identity(tensor) for tensor in inputs)
    with tf.device(chosen_device()), tf.GradientTape() as tape:
        tape.watch(inputs)
        output = function(*inputs)
    return output, tape.gradient(output, inputs, output_gradients=upstream)


def multiply(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """The product of two matrices, in bfloat16 if that is how networks compute."""
    with tf.device(chosen_device()):
        if is_mixed():
            left, right = tf.cast(left, tf.bfloat16), tf.cast(right, tf.bfloat16)
        return tf.matmul(left, right)


def convolve(maps: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Maps convolved with a kernel (both as `to_native` gives them), without padding."""
    with tf.device(chosen_device()):
        # to_native orders the axes of every kernel like those of maps: OHWI.
        return tf.nn.conv2d(maps, tf.transpose(kernel, (1, 2, 3, 0)), 1, "VALID")
