"""Convolutions in a form that XLA computes faster on a CPU."""

from collections.abc import Sequence
from functools import partial
from typing import TypeGuard

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax

Strides = Sequence[int]
Margins = Sequence[tuple[int, int]]
Padding = str | Margins
Residuals = tuple[jax.Array, jax.Array]  # inputs and kernel, or their gradients
WIDE = 32  # with fewer channels, XLA runs one convolution faster than one for each phase


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
# the kernel, and of a dilated image with an image, JAX's gradient of a transposed kernel. And where
# it dilates an image, it multiplies all the zeros.
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
    if missing > 0:
        # Without the barrier, XLA would take the zeros as the convolution's own padding.
        zeros = jnp.pad(inputs, ((0, 0), (0, missing), (0, missing), (0, 0)))
        maps = conv_transpose(lax.optimization_barrier(zeros), kernel, strides, padding)
        return maps[:, : -missing * strides[0], : -missing * strides[1]]
    if _runs_in_phases(padding, kernel, strides):
        in_phases, dilated = (
            partial(each, strides=strides, padding=padding) for each in (_in_phases, _dilated)
        )
        return lax.platform_dependent(inputs, kernel, cpu=in_phases, default=dilated)
    return _dilated(inputs, kernel, strides, padding)


def _runs_in_phases(padding: Padding, kernel: jax.Array, strides: Strides) -> TypeGuard[Margins]:
    has_gaps = any(k < s for k, s in zip(kernel.shape, strides, strict=False))
    return kernel.shape[2] >= WIDE and not has_gaps and not isinstance(padding, str)


def _dilated(inputs: jax.Array, kernel: jax.Array, strides: Strides, padding: Padding) -> jax.Array:
    return lax.conv_transpose(inputs, kernel, strides, padding, transpose_kernel=True)


def _in_phases(
    inputs: jax.Array, kernel: jax.Array, strides: Strides, padding: Margins
) -> jax.Array:
    """A convolution for each place between pixels, with those weights that meet no zeros."""
    kernel = jnp.flip(kernel, (0, 1)).swapaxes(2, 3)
    (above, height), (beside, width) = map(
        _phases, inputs.shape[1:3], kernel.shape, strides, padding
    )
    rows = (
        jnp.stack([_conv(inputs, kernel[i, j], (1, 1), (p, q)) for j, q in beside], 3)
        for i, p in above
    )
    maps = jnp.stack([*rows], 2)
    maps = maps.reshape(len(inputs), len(above) * maps.shape[1], -1, maps.shape[-1])
    return maps[:, :height, :width]


def _phases(
    extent: int, size: int, stride: int, padding: tuple[int, int]
) -> tuple[list[tuple[slice, tuple[int, int]]], int]:
    """Along an axis: the weights of each phase and its padding, and the pixels of all phases."""
    pixels, phases = (extent - 1) * stride + sum(padding) - size + 2, []
    for phase in range(stride):
        before, first = divmod(padding[0] - phase, stride)
        taps = slice(first, size, stride)
        after = -(-pixels // stride) + len(range(size)[taps]) - 1 - extent - before
        phases.append((taps, (before, after)))
    return phases, pixels


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
        transposed = partial(_dilated, kernel=kernel, strides=strides, padding=padding)
        return jax.linear_transpose(transposed, inputs)(upstream)[0]

    of_inputs, pull_back = jax.vjp(strided, kernel)
    return of_inputs, pull_back(inputs)[0]


conv.defvjp(_conv_forward, _conv_backward)
conv_transpose.defvjp(_transpose_forward, _transpose_backward)
