"""DCGAN as in arjovsky's WassersteinGAN, for any image size that is a power of two."""

from collections.abc import Callable
from functools import partial

import jax
from flax import nnx

from jax_impl.convolution import ConvTranspose
from jax_impl.layers import BatchNorm, leaky_relu

_batch_norm = partial(BatchNorm, epsilon=1e-5, momentum=0.1, unbiased_running_variance=True)
# nnx's own default is float32; `float` is float64 under x64.
_conv = partial(nnx.Conv, kernel_size=(4, 4), use_bias=False, param_dtype=float)
_upsample = partial(
    ConvTranspose, kernel_size=(4, 4), use_bias=False, transpose_kernel=True, param_dtype=float
)
_halve = partial(_conv, strides=(2, 2), padding=((1, 1), (1, 1)))
# nnx pads the stretched input: PyTorch's padding p is k−1−p on both sides, here 4−1−1.
_double = partial(_upsample, strides=(2, 2), padding=((2, 2), (2, 2)))


def _norm(channels: int, normalization: str) -> Callable[[jax.Array], jax.Array]:
    return _batch_norm(channels) if normalization == "batch" else nnx.identity


class _Up(nnx.Module):
    def __init__(
        self, in_channels: int, out_channels: int, *, normalization: str, rngs: nnx.Rngs
    ) -> None:
        self.conv = _double(in_channels, out_channels, rngs=rngs)
        self.norm = _norm(out_channels, normalization)

    def __call__(self, maps: jax.Array) -> jax.Array:
        return nnx.relu(self.norm(self.conv(maps)))


class _Down(nnx.Module):
    def __init__(
        self, in_channels: int, out_channels: int, *, normalization: str, rngs: nnx.Rngs
    ) -> None:
        self.conv = _halve(in_channels, out_channels, rngs=rngs)
        self.norm = _norm(out_channels, normalization)

    def __call__(self, maps: jax.Array) -> jax.Array:
        return leaky_relu(self.norm(self.conv(maps)), negative_slope=0.2)


class Generator(nnx.Module):
    """Transposed convolutions from noise at 1×1 over 4×4 to images in (−1, 1)."""

    def __init__(
        self,
        *,
        latent_dim: int,
        base_channels: int,
        image_size: int,
        channels: int,
        normalization: str,
    ) -> None:
        rngs = nnx.Rngs(0)  # NNX draws weights at construction; common's streams replace them
        doublings = image_size.bit_length() - 4
        top = base_channels * 2**doublings
        self.project = _upsample(latent_dim, top, strides=(1, 1), padding="VALID", rngs=rngs)
        self.project_norm = _norm(top, normalization)
        self.blocks = nnx.List(
            _Up(top // 2**n, top // 2 ** (n + 1), normalization=normalization, rngs=rngs)
            for n in range(doublings)
        )
        self.image = _double(base_channels, channels, rngs=rngs)

    def __call__(self, noise: jax.Array) -> jax.Array:
        maps = self.project(noise[:, None, None, :])
        maps = nnx.relu(self.project_norm(maps))
        for block in self.blocks:
            maps = block(maps)
        return nnx.tanh(self.image(maps))


class Discriminator(nnx.Module):
    """Strided convolutions down to 4×4 and a 4×4 convolution to scores (N,)."""

    def __init__(
        self, *, base_channels: int, image_size: int, channels: int, normalization: str
    ) -> None:
        rngs = nnx.Rngs(0)  # as in the generator
        base, doublings = base_channels, image_size.bit_length() - 4
        self.conv = _halve(channels, base, rngs=rngs)
        self.blocks = nnx.List(
            _Down(base * 2**n, base * 2 ** (n + 1), normalization=normalization, rngs=rngs)
            for n in range(doublings)
        )
        self.score = _conv(base * 2**doublings, 1, strides=(1, 1), padding="VALID", rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        maps = leaky_relu(self.conv(images), negative_slope=0.2)
        for block in self.blocks:
            maps = block(maps)
        return self.score(maps).ravel()
