"""Layers that at least one of the four frameworks lacks or computes differently."""

from math import prod

import keras
import numpy as np
import tensorflow as tf


def leaky_relu(inputs: tf.Tensor, *, negative_slope: float) -> tf.Tensor:
    """max(x, 0) + negative_slope · min(x, 0), with derivative negative_slope at 0."""
    if inputs.dtype != tf.float64:
        return tf.nn.leaky_relu(inputs, negative_slope)
    # tf.nn.leaky_relu stores its slope as float32, even in float64 networks.
    return tf.where(inputs > 0, inputs, negative_slope * inputs)


def dropout(inputs: tf.Tensor, mask: tf.Tensor | None, *, rate: float) -> tf.Tensor:
    """inputs · mask / (1 − rate), where mask holds 0 for dropped units or channels, else 1.

    Without a mask nothing is dropped.
    """
    return inputs if mask is None else inputs * tf.cast(mask, inputs.dtype) / (1 - rate)


def upsample_nearest(maps: tf.Tensor) -> tf.Tensor:
    """Nearest-neighbour upsampling: every pixel twice in height and width."""
    return tf.repeat(tf.repeat(maps, 2, axis=1), 2, axis=2)


def upsample_bilinear(maps: tf.Tensor) -> tf.Tensor:
    """Bilinear upsampling to twice the height and width, with aligned corners."""
    # tf.image.resize cannot align corners, and always returns float32.
    _, height, width, channels = maps.shape
    rows, columns = _interpolation(height, maps.dtype), _interpolation(width, maps.dtype)
    # tf.einsum would transpose the maps, and take three times as long.
    maps = tf.matmul(rows, tf.reshape(maps, (-1, height, width * channels)))
    maps = tf.matmul(columns, tf.reshape(maps, (-1, width, channels)))
    return tf.reshape(maps, (-1, 2 * height, 2 * width, channels))


class BatchNorm(keras.layers.Layer):
    """Batch norm over every axis except the channels, with the running update written out.

    Training normalises by the batch's mean and biased variance, and moves the running
    statistics by `momentum` towards the batch's. With `unbiased_running_variance`, the running
    variance moves towards N/(N−1) times the biased one (as in PyTorch; Keras, Flax and Jittor keep
    the biased one). Inputs are (N, C) or maps.

    Raises:
        ValueError: training with a single value per channel, which has no variance.
    """

    def __init__(
        self, channels: int, *, epsilon: float, momentum: float, unbiased_running_variance: bool
    ) -> None:
        # A policy for mixed precision would round batch and running statistics to bfloat16.
        super().__init__(dtype=keras.config.floatx())
        self.epsilon = epsilon
        self.momentum = momentum
        self.unbiased_running_variance = unbiased_running_variance
        self.gamma = self.add_weight(name="gamma", shape=(channels,), initializer="ones")
        self.beta = self.add_weight(name="beta", shape=(channels,), initializer="zeros")
        self.moving_mean = self.add_weight(
            name="moving_mean", shape=(channels,), initializer="zeros", trainable=False
        )
        self.moving_variance = self.add_weight(
            name="moving_variance", shape=(channels,), initializer="ones", trainable=False
        )

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Normalise inputs (N, C) or (N, H, W, C)."""
        if not training:
            return self._rescale(inputs - self.moving_mean, self.moving_variance)
        count = prod(inputs.shape[:-1])
        if count == 1:
            raise ValueError(f"one value per channel in training: inputs {tuple(inputs.shape)}")
        axes = list(range(len(inputs.shape) - 1))
        # tf.reduce_mean divides its gradient once a pixel; a sum that is divided, once a channel.
        mean = tf.reduce_sum(inputs, axes) / count
        centred = inputs - mean
        # tf.nn.moments treats the mean as constant in the variance: second derivatives are wrong.
        variance = tf.reduce_sum(tf.square(centred), axes) / count
        target = variance * (count / (count - 1)) if self.unbiased_running_variance else variance
        self.moving_mean.assign_add(self.momentum * (mean - self.moving_mean))
        self.moving_variance.assign_add(self.momentum * (target - self.moving_variance))
        return self._rescale(centred, variance)

    def _rescale(self, centred: tf.Tensor, variance: tf.Tensor) -> tf.Tensor:
        # tf.nn.batch_normalization subtracts after scaling, which loses digits for large means.
        return centred * (tf.math.rsqrt(variance + self.epsilon) * self.gamma) + self.beta


def _interpolation(size: int, dtype: tf.DType) -> tf.Tensor:
    """How much of each of `size` pixels is in each of twice as many, (2 · size, size)."""
    positions = np.linspace(0, size - 1, 2 * size)[:, None]
    return tf.constant(np.maximum(1 - np.abs(positions - np.arange(size)), 0), dtype)
