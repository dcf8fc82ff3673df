"""Layers that at least one of the four frameworks lacks or computes differently."""

from collections.abc import Callable, Sequence
from functools import partial

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax

Strides = Sequence[int]
Padding = str | Sequence[tuple[int, int]]
Residuals = tuple[jax.Array, jax.Array]  # inputs and kernel, or their gradients


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


class Conv(nnx.Conv):
    """NNX's layer, with gradients that XLA computes faster on a CPU."""

    def __call__(self, inputs: jax.Array) -> jax.Array:
        both = self.promote_dtype((inputs, self.kernel[...]), dtype=self.dtype)
        maps = conv(*both, self.strides, self.padding)
        return maps if self.bias is None else maps + self.bias[...].astype(maps.dtype)


class ConvTranspose(nnx.ConvTranspose):
    """NNX's layer, with gradients that XLA computes faster on a CPU."""

    def __call__(self, inputs: jax.Array) -> jax.Array:
        both = self.promote_dtype((inputs, self.kernel[...]), dtype=self.dtype)
        maps = conv_transpose(*both, self.strides, self.padding)
        return maps if self.bias is None else maps + self.bias[...].astype(maps.dtype)


# On a CPU, XLA runs two convolutions as plain loops, 30 to 100 times slower: of maps smaller than
# the kernel, and of a dilated image with an image, JAX's gradient of a transposed kernel.
@partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def conv(inputs: jax.Array, kernel: jax.Array, strides: Strides, padding: Padding) -> jax.Array:
    """A convolution of maps NHWC with a kernel HWIO, of any order of differentiation."""
    return _conv(inputs, kernel, strides, padding)


@partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def conv_transpose(
    inputs: jax.Array, kernel: jax.Array, strides: Strides, padding: Padding
) -> jax.Array:
    """A transposed convolution of maps NHWC with a kernel HWOI."""
    missing = -min(n - k for k, n in zip(kernel.shape, inputs.shape[1:3], strict=False))
    if missing <= 0:
        return lax.conv_transpose(inputs, kernel, strides, padding, transpose_kernel=True)
    # Without the barrier, XLA would take the zeros as the convolution's own padding.
    zeros = jnp.pad(inputs, ((0, 0), (0, missing), (0, missing), (0, 0)))
    maps = conv_transpose(lax.optimization_barrier(zeros), kernel, strides, padding)
    return maps[:, : -missing * strides[0], : -missing * strides[1]]


def _conv(inputs: jax.Array, kernel: jax.Array, strides: Strides, padding: Padding) -> jax.Array:
    layout = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(inputs, kernel, strides, padding, dimension_numbers=layout)


def _conv_forward(
    inputs: jax.Array, kernel: jax.Array, strides: Strides, padding: Padding
) -> tuple[jax.Array, Residuals]:
    return conv(inputs, kernel, strides, padding), (inputs, kernel)


def _conv_backward(
    strides: Strides, padding: Padding, residuals: Residuals, upstream: jax.Array
) -> Residuals:
    inputs, kernel = residuals
    if isinstance(padding, str):
        padding = lax.padtype_to_pads(inputs.shape[1:3], kernel.shape[:2], strides, padding)
    margins = []
    for axis, (before, _) in enumerate(padding):
        last = strides[axis] * (upstream.shape[axis + 1] - 1)
        after = inputs.shape[axis + 1] - 1 - last + before
        margins.append((kernel.shape[axis] - 1 - before, after))
    of_kernel = jax.vjp(lambda kernel: _conv(inputs, kernel, strides, padding), kernel)[1]
    return conv_transpose(upstream, kernel, strides, tuple(margins)), of_kernel(upstream)[0]


def _transpose_forward(
    inputs: jax.Array, kernel: jax.Array, strides: Strides, padding: Padding
) -> tuple[jax.Array, Residuals]:
    return conv_transpose(inputs, kernel, strides, padding), (inputs, kernel)


def _transpose_backward(
    strides: Strides, padding: Padding, residuals: Residuals, upstream: jax.Array
) -> Residuals:
    inputs, kernel = residuals

    def strided(kernel: jax.Array) -> jax.Array:
        """The convolution whose transpose the layer is."""

        def transposed(inputs: jax.Array) -> jax.Array:
            return lax.conv_transpose(inputs, kernel, strides, padding, transpose_kernel=True)

        return jax.linear_transpose(transposed, inputs)(upstream)[0]

    of_inputs, pull_back = jax.vjp(strided, kernel)
    return of_inputs, pull_back(inputs)[0]


conv_transpose.defvjp(_transpose_forward, _transpose_backward)
conv.defvjp(_conv_forward, _conv_backward)


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
