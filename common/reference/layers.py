"""The layers that the ports implement themselves, forward and backward."""

import numpy as np

from common.streams import Array


def leaky_relu(values: Array, *, negative_slope: float) -> tuple[Array, Array]:
    """The output, and the derivative at every element (negative_slope at 0)."""
    derivative = np.where(values > 0, 1.0, negative_slope)
    return values * derivative, derivative


def batch_norm(
    inputs: Array, scale: Array, shift: Array, *, epsilon: float
) -> tuple[Array, Array, Array]:
    """Training mode on (N, C) or (N, C, H, W): the output, the batch's mean and variance."""
    axes = (0, *range(2, inputs.ndim))
    mean, variance = inputs.mean(axes), inputs.var(axes)
    centred = inputs - _along_channels(mean, inputs)
    normalised = centred / np.sqrt(_along_channels(variance, inputs) + epsilon)
    output = normalised * _along_channels(scale, inputs) + _along_channels(shift, inputs)
    return output, mean, variance


def batch_norm_gradients(
    inputs: Array, scale: Array, upstream: Array, *, epsilon: float
) -> tuple[Array, Array, Array]:
    """Training mode: the gradients of the inputs, the scale and the shift."""
    axes = (0, *range(2, inputs.ndim))
    ones, zeros = np.ones_like(scale), np.zeros_like(scale)
    normalised, _, variance = batch_norm(inputs, ones, zeros, epsilon=epsilon)
    of_scale, of_shift = (upstream * normalised).sum(axes), upstream.sum(axes)
    count = inputs.size // inputs.shape[1]
    projected = normalised * _along_channels(of_scale, inputs) / count
    remainder = upstream - _along_channels(of_shift, inputs) / count - projected
    factor = scale / np.sqrt(variance + epsilon)
    return remainder * _along_channels(factor, inputs), of_scale, of_shift


def running_statistics(
    mean: Array,
    variance: Array,
    batch_mean: Array,
    batch_variance: Array,
    count: int,
    *,
    momentum: float,
    unbiased: bool,
) -> tuple[Array, Array]:
    """The running mean and variance after one batch of `count` values a channel."""
    target = batch_variance * (count / (count - 1) if unbiased else 1.0)
    return mean + momentum * (batch_mean - mean), variance + momentum * (target - variance)


def _along_channels(values: Array, like: Array) -> Array:
    return values.reshape(1, -1, *(1,) * (like.ndim - 2))
