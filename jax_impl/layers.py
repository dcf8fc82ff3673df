"""Layers that at least one of the four frameworks lacks or computes differently."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from flax import nnx


def leaky_relu(inputs: jax.Array, *, negative_slope: float) -> jax.Array:
    """max(x, 0) + negative_slope · min(x, 0), with derivative negative_slope at 0."""
    # jax.nn.leaky_relu takes the branch x >= 0, whose derivative at 0 is 1.
    return jnp.where(inputs > 0, inputs, negative_slope * inputs)


def dropout(inputs: jax.Array, mask: jax.Array | None, *, rate: float) -> jax.Array:
    """inputs · mask / (1 − rate), where mask holds 0 for dropped units or channels, else 1.

    Without a mask nothing is dropped.
    """
    return inputs if mask is None else inputs * mask / (1 - rate)


def upsample_nearest(maps: jax.Array) -> jax.Array:
    """Nearest-neighbour upsampling: every pixel twice in height and width."""
    return maps.repeat(2, axis=1).repeat(2, axis=2)


def upsample_bilinear(maps: jax.Array) -> jax.Array:
    """Bilinear upsampling to twice the height and width, with aligned corners."""
    # jax.image.resize aligns pixel centres and cannot align corners.
    rows, columns = (_between_corners(extent) for extent in maps.shape[1:3])
    return jnp.einsum("ih,jw,nhwc->nijc", rows, columns, maps, precision="highest")


class BatchNorm(nnx.Module):
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
        self.epsilon = epsilon
        self.momentum = momentum
        self.unbiased_running_variance = unbiased_running_variance
        self.use_running_average = False  # the name that Module.train and Module.eval look for
        self.scale = nnx.Param(jnp.ones(channels))
        self.bias = nnx.Param(jnp.zeros(channels))
        self.mean = nnx.BatchStat(jnp.zeros(channels))
        self.var = nnx.BatchStat(jnp.ones(channels))

    def __call__(self, inputs: jax.Array) -> jax.Array:
        """Normalise inputs (N, C) or (N, H, W, C)."""
        given, inputs = inputs.dtype, inputs.astype(float)
        if self.use_running_average:
            return self._normalise(inputs, self.mean[...], self.var[...]).astype(given)
        axes = tuple(range(inputs.ndim - 1))
        count = inputs.size // inputs.shape[-1]
        if count == 1:
            raise ValueError(f"one value per channel in training: inputs {inputs.shape}")
        # Two passes: nnx.BatchNorm's E[x²] − E[x]² loses the variance when the mean is large.
        mean = inputs.mean(axes)
        variance = jnp.square(inputs - mean).mean(axes)
        correction = count / (count - 1) if self.unbiased_running_variance else 1.0
        self.mean[...] += self.momentum * (mean - self.mean[...])
        self.var[...] += self.momentum * (correction * variance - self.var[...])
        return self._normalise(inputs, mean, variance).astype(given)

    def _normalise(self, inputs: jax.Array, mean: jax.Array, variance: jax.Array) -> jax.Array:
        scale = self.scale[...] / jnp.sqrt(variance + self.epsilon)
        return (inputs - mean) * scale + self.bias[...]


def _between_corners(extent: int) -> jax.Array:
    positions = jnp.arange(2 * extent) * ((extent - 1) / (2 * extent - 1))
    return jnp.maximum(1 - jnp.abs(positions[:, None] - jnp.arange(extent)), 0)


def vjp(
    network: nnx.Module, inputs: jax.Array
) -> tuple[jax.Array, Callable[[jax.Array], nnx.State]]:
    """A network's output, and what turns its gradient into the gradients of the parameters."""
    graph, parameters, rest = nnx.split(network, nnx.Param, ...)

    # nnx has no vjp, and with jax.vjp only a copy made inside can update its statistics.
    def forward(parameters: nnx.State) -> tuple[jax.Array, nnx.State]:
        inside = nnx.merge(graph, parameters, rest, copy=True)
        return inside(inputs), nnx.state(inside, nnx.BatchStat)

    output, pull_back, moved = jax.vjp(forward, parameters, has_aux=True)
    nnx.update(network, moved)
    return output, lambda upstream: pull_back(upstream)[0]
