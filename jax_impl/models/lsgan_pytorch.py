"""The 32×32 pair of PyTorch-GAN's LSGAN."""

from functools import partial

import jax
from flax import nnx

from jax_impl.layers import BatchNorm, dropout, leaky_relu, upsample_nearest

# The source writes BatchNorm2d(n, 0.8), meaning Keras' momentum; PyTorch reads an epsilon.
_norm = partial(BatchNorm, epsilon=0.8, momentum=0.1, unbiased_running_variance=True)
# nnx's own default is float32; `float` is float64 under x64.
_linear = partial(nnx.Linear, param_dtype=float)
_conv = partial(nnx.Conv, kernel_size=(3, 3), padding=((1, 1), (1, 1)), param_dtype=float)
_same = partial(_conv, strides=(1, 1))
_halve = partial(_conv, strides=(2, 2))


class _Up(nnx.Module):
    def __init__(self, in_channels: int, out_channels: int, *, rngs: nnx.Rngs) -> None:
        self.conv = _same(in_channels, out_channels, rngs=rngs)
        self.norm = _norm(out_channels)

    def __call__(self, maps: jax.Array) -> jax.Array:
        return leaky_relu(self.norm(self.conv(upsample_nearest(maps))), negative_slope=0.2)


class _Down(nnx.Module):
    def __init__(
        self, in_channels: int, out_channels: int, *, dropout: float, rngs: nnx.Rngs
    ) -> None:
        self.rate = dropout
        self.conv = _halve(in_channels, out_channels, rngs=rngs)
        self.norm = _norm(out_channels)

    def __call__(self, maps: jax.Array, mask: jax.Array | None) -> jax.Array:
        maps = leaky_relu(self.conv(maps), negative_slope=0.2)
        return self.norm(dropout(maps, mask, rate=self.rate))


class Generator(nnx.Module):
    """A projection and two nearest upsamplings, each with a convolution, to images in (−1, 1)."""

    def __init__(
        self, *, latent_dim: int, base_channels: int, image_size: int, channels: int
    ) -> None:
        rngs = nnx.Rngs(0)  # NNX draws weights at construction; common's streams replace them
        base, size = base_channels, image_size // 4
        self.maps_shape = (size, size, 8 * base)
        self.project = _linear(latent_dim, size**2 * 8 * base, rngs=rngs)
        self.block1 = _Up(8 * base, 8 * base, rngs=rngs)
        self.block2 = _Up(8 * base, 4 * base, rngs=rngs)
        self.image = _same(4 * base, channels, rngs=rngs)

    def __call__(self, noise: jax.Array) -> jax.Array:
        maps = self.project(noise).reshape(-1, *self.maps_shape)
        return nnx.tanh(self.image(self.block2(self.block1(maps))))


class Discriminator(nnx.Module):
    """Four strided convolutions that drop channels, and a linear layer to scores (N,)."""

    def __init__(
        self, *, base_channels: int, image_size: int, channels: int, dropout: float
    ) -> None:
        rngs = nnx.Rngs(0)  # as in the generator
        base, size = base_channels, image_size // 16
        self.rate = dropout
        self.conv = _halve(channels, base, rngs=rngs)
        self.block1 = _Down(base, 2 * base, dropout=dropout, rngs=rngs)
        self.block2 = _Down(2 * base, 4 * base, dropout=dropout, rngs=rngs)
        self.block3 = _Down(4 * base, 8 * base, dropout=dropout, rngs=rngs)
        self.score = _linear(size**2 * 8 * base, 1, rngs=rngs)

    def __call__(self, images: jax.Array, *masks: jax.Array) -> jax.Array:
        first, second, third, fourth = masks or (None, None, None, None)
        maps = leaky_relu(self.conv(images), negative_slope=0.2)
        maps = self.block1(dropout(maps, first, rate=self.rate), second)
        maps = self.block3(self.block2(maps, third), fourth)
        return self.score(maps.reshape(len(maps), -1)).squeeze(1)
