"""What parity looks at besides whole steps: forward passes and gradients of the inputs."""

from collections.abc import Callable

import keras
import tensorflow as tf

from tf_impl.device import chosen_device


def forward(network: keras.Model, inputs: tf.Tensor, *, training: bool) -> tf.Tensor:
    """The network's output; in training mode its running statistics move."""
    with tf.device(chosen_device()):
        return network(inputs, training=training)


def discriminator_input_gradients(
    discriminator: keras.Model,
    real: tf.Tensor,
    fake: tf.Tensor,
    *,
    loss: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
) -> tuple[tf.Tensor, tf.Tensor]:
    """The gradients of the discriminator's loss with respect to real and fake images."""
    # On a tape two images that are one tensor would share one gradient, their sum.
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
    # The last bias moves no gradient of the scores: its zeros need TensorFlow's own variable.
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
    """The product of two matrices."""
    with tf.device(chosen_device()):
        return tf.matmul(left, right)


def convolve(maps: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Maps convolved with a kernel (both as `to_native` gives them), without padding."""
    with tf.device(chosen_device()):
        # to_native puts the axes of every kernel as those of maps: OHWI.
        return tf.nn.conv2d(maps, tf.transpose(kernel, (1, 2, 3, 0)), 1, "VALID")
