"""Layers that at least one of the four frameworks lacks or computes differently."""

from math import prod

import keras
import tensorflow as tf


def leaky_relu(inputs: tf.Tensor, *, negative_slope: float) -> tf.Tensor:
    """max(x, 0) + negative_slope · min(x, 0), with derivative negative_slope at 0."""
    # tf.nn.leaky_relu keeps its slope as a float32 attribute, in float64 networks too.
    return tf.where(inputs > 0, inputs, negative_slope * inputs)


class BatchNorm(keras.layers.Layer):
    """Batch norm over every axis but the channels, with the running rule written out.

    Training normalises by the batch's mean and biased variance, and moves the running
    statistics by `momentum` towards the batch's; `unbiased_running_variance` moves the running
    variance towards N/(N−1) times the biased one (PyTorch's rule; Keras, Flax and Jittor keep
    the biased one). Inputs are (N, C) or maps.

    Raises:
        ValueError: one value per channel in training, whose variance says nothing.
    """

    def __init__(
        self, channels: int, *, epsilon: float, momentum: float, unbiased_running_variance: bool
    ) -> None:
        super().__init__()
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
            return self._normalise(inputs, self.moving_mean, self.moving_variance)
        count = prod(inputs.shape[:-1])
        if count == 1:
            raise ValueError(f"one value per channel in training: inputs {tuple(inputs.shape)}")
        mean, variance = tf.nn.moments(inputs, axes=list(range(len(inputs.shape) - 1)))
        target = variance * (count / (count - 1)) if self.unbiased_running_variance else variance
        self.moving_mean.assign_add(self.momentum * (mean - self.moving_mean))
        self.moving_variance.assign_add(self.momentum * (target - self.moving_variance))
        return self._normalise(inputs, mean, variance)

    def _normalise(self, inputs: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor) -> tf.Tensor:
        # tf.nn.batch_normalization subtracts after scaling, which cancels digits of large means.
        return (inputs - mean) * (tf.math.rsqrt(variance + self.epsilon) * self.gamma) + self.beta
