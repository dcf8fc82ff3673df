"""Spectral normalisation by power iteration, for linear layers and convolutions."""

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax

from jax_impl.convolution import conv_transpose

_EPSILON = 1e-12


class SpectralLinear(nnx.Linear):
    """A linear layer whose weight is divided by an estimate of its largest singular value.

    The weight is reshaped to a matrix (outputs, the rest), and the estimate sigma comes from one
    power iteration per forward pass. With `detach_sigma` (godisboy's SN-GAN) sigma is detached
    from the gradient, and every forward pass updates the vector `u`, in evaluation too. Without it
    (Miyato et al. 2018 and PyTorch) the gradient flows through sigma, and `u` and `v` are
    updated only in training.
    """

    def __init__(
        self, in_features: int, out_features: int, *, bias: bool, detach_sigma: bool
    ) -> None:
        rngs = nnx.Rngs(0)  # NNX draws weights at construction; common's streams replace them
        # nnx's own default is float32; `float` is float64 under x64.
        super().__init__(in_features, out_features, use_bias=bias, param_dtype=float, rngs=rngs)
        _add_vectors(self, self.kernel[...].T, detach_sigma, rngs)

    def __call__(self, inputs: jax.Array) -> jax.Array:
        kernel = self.kernel[...] / _sigma(self, self.kernel[...].T)
        inputs, kernel = self.promote_dtype((inputs, kernel), dtype=self.dtype)
        return _add_bias(self, inputs @ kernel)


class SpectralConv(nnx.Conv):
    """A square convolution, spectrally normalised as in `SpectralLinear`."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        kernel_size: int,
        stride: int,
        padding: int,
        bias: bool,
        detach_sigma: bool,
    ) -> None:
        rngs = nnx.Rngs(0)  # as in the linear layer
        super().__init__(
            in_channels,
            out_channels,
            kernel_size=(kernel_size, kernel_size),
            strides=(stride, stride),
            padding=((padding, padding), (padding, padding)),
            use_bias=bias,
            param_dtype=float,
            rngs=rngs,
        )
        _add_vectors(self, _conv_matrix(self.kernel[...]), detach_sigma, rngs)

    def __call__(self, maps: jax.Array) -> jax.Array:
        kernel = self.kernel[...] / _sigma(self, _conv_matrix(self.kernel[...]))
        maps, kernel = self.promote_dtype((maps, kernel), dtype=self.dtype)
        layout = ("NHWC", "HWIO", "NHWC")
        maps = lax.conv_general_dilated(
            maps, kernel, self.strides, self.padding, dimension_numbers=layout
        )
        return _add_bias(self, maps)


class SpectralConvTranspose(nnx.ConvTranspose):
    """A square transposed convolution, spectrally normalised as in `SpectralLinear`."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        kernel_size: int,
        stride: int,
        padding: int,
        bias: bool,
        detach_sigma: bool,
    ) -> None:
        rngs = nnx.Rngs(0)  # as in the linear layer
        # nnx pads the stretched input: PyTorch's padding p is k−1−p on both sides.
        margin = kernel_size - 1 - padding
        super().__init__(
            in_channels,
            out_channels,
            kernel_size=(kernel_size, kernel_size),
            strides=(stride, stride),
            padding=((margin, margin), (margin, margin)),
            use_bias=bias,
            transpose_kernel=True,
            param_dtype=float,
            rngs=rngs,
        )
        _add_vectors(self, _conv_transpose_matrix(self.kernel[...]), detach_sigma, rngs)

    def __call__(self, maps: jax.Array) -> jax.Array:
        kernel = self.kernel[...] / _sigma(self, _conv_transpose_matrix(self.kernel[...]))
        maps, kernel = self.promote_dtype((maps, kernel), dtype=self.dtype)
        return _add_bias(self, conv_transpose(maps, kernel, self.strides, self.padding))


def _conv_matrix(kernel: jax.Array) -> jax.Array:
    return kernel.reshape(-1, kernel.shape[-1]).T


def _conv_transpose_matrix(kernel: jax.Array) -> jax.Array:
    # Outputs are the third axis of a transposed convolution's kernel, HWOI.
    return kernel.transpose(2, 0, 1, 3).reshape(kernel.shape[2], -1)


def _add_bias(layer: nnx.Module, outputs: jax.Array) -> jax.Array:
    return outputs if layer.bias is None else outputs + layer.bias[...].astype(outputs.dtype)


def _add_vectors(layer: nnx.Module, matrix: jax.Array, detach_sigma: bool, rngs: nnx.Rngs) -> None:
    rows, columns = matrix.shape
    layer.detach_sigma = detach_sigma
    layer.use_running_average = False  # the name that Module.train and Module.eval look for
    layer.u = nnx.BatchStat(jax.random.normal(rngs.params(), (1, rows), float))
    if not detach_sigma:
        layer.v = nnx.BatchStat(jax.random.normal(rngs.params(), (1, columns), float))


def _sigma(layer: nnx.Module, matrix: jax.Array) -> jax.Array:
    detached = lax.stop_gradient(matrix)
    if layer.detach_sigma:
        return _detached_sigma(layer, detached)
    if not layer.use_running_average:
        layer.u[...] = _unit(layer.v[...] @ detached.T)
        layer.v[...] = _unit(layer.u[...] @ detached)
    return (layer.u[...] @ matrix @ layer.v[...].T).squeeze()


def _unit(vector: jax.Array) -> jax.Array:
    return vector / jnp.maximum(jnp.linalg.norm(vector), _EPSILON)


def _detached_sigma(layer: nnx.Module, matrix: jax.Array) -> jax.Array:
    v = layer.u[...] @ matrix
    v /= jnp.linalg.norm(v) + _EPSILON
    u = v @ matrix.T
    u /= jnp.linalg.norm(u) + _EPSILON
    layer.u[...] = u
    return (u @ matrix @ v.T).squeeze()
