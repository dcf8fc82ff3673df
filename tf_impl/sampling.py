"""Sampling, and the moving average of the generator."""

import keras
import numpy as np
import tensorflow as tf

from tf_impl import probes
from tf_impl.device import chosen_device
from tf_impl.gan import GAN
from tf_impl.interop import to_canonical, to_native


def start_average(gan: GAN) -> keras.Model:
    """A copy of the generator, which starts its moving average."""
    # Keras can clone only models built from symbolic inputs.
    with tf.device(chosen_device()):
        average = type(gan.generator)(**gan.system.networks.generator)
    average.set_weights(gan.generator.get_weights())
    return average


def update_average(average: keras.Model, generator: keras.Model, *, decay: float) -> None:
    """Move every parameter and buffer of the average towards the generator's by 1 − decay."""
    # A Python number would be traced again for every value.
    _move(average, generator, tf.constant(1 - decay, keras.config.floatx()))


@tf.function
def _move(average: keras.Model, generator: keras.Model, share: tf.Tensor) -> None:
    with tf.device(chosen_device()):
        for kept, new in zip(average.variables, generator.variables, strict=True):
            kept.assign_add(share * (new - kept))


def sample(generator: keras.Model, noise: np.ndarray) -> np.ndarray:
    """Images (N, C, H, W) for noise (N, latent_dim), with running statistics, as an array."""
    return to_canonical(probes.forward(generator, to_native(noise), training=False))
