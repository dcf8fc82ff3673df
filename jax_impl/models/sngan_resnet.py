"""The residual 64×64 pair of godisboy's SN-GAN."""

from functools import partial

import jax
from flax import nnx

from jax_impl.layers import BatchNorm, upsample_bilinear
from jax_impl.spectral import SpectralConv, SpectralLinear

_norm = partial(BatchNorm, epsilon=1e-5, momentum=0.1, unbiased_running_variance=True)
# nnx's own default is float32; `float` is float64 under x64.
_linear = partial(nnx.Linear, param_dtype=float)
_conv = partial(nnx.Conv, strides=(1, 1), param_dtype=float)
_conv3 = partial(_conv, kernel_size=(3, 3), padding=((1, 1), (1, 1)))
_conv1 = partial(_conv, kernel_size=(1, 1), padding="VALID")
_halve = partial(nnx.avg_pool, window_shape=(2, 2), strides=(2, 2), padding="VALID")


class _Up(nnx.Module):
    def __init__(self, in_channels: int, out_channels: int, *, rngs: nnx.Rngs) -> None:
        self.norm1 = _norm(in_channels)
        self.conv1 = _conv3(in_channels, in_channels, rngs=rngs)
        self.norm2 = _norm(in_channels)
        self.conv2 = _conv3(in_channels, out_channels, rngs=rngs)
        self.shortcut = _conv1(in_channels, out_channels, rngs=rngs)

    def __call__(self, maps: jax.Array) -> jax.Array:
        residual = upsample_bilinear(self.conv1(nnx.relu(self.norm1(maps))))
        residual = self.conv2(nnx.relu(self.norm2(residual)))
        return residual + upsample_bilinear(self.shortcut(maps))


class _Down(nnx.Module):
    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        out_channels: int,
        *,
        first: bool,
        detach_sigma: bool,
    ) -> None:
        self.first = first
        conv = partial(SpectralConv, stride=1, bias=True, detach_sigma=detach_sigma)
        self.conv1 = conv(in_channels, hidden_channels, kernel_size=3, padding=1)
        self.conv2 = conv(hidden_channels, out_channels, kernel_size=3, padding=1)
        self.shortcut = conv(in_channels, out_channels, kernel_size=1, padding=0)

    def __call__(self, maps: jax.Array) -> jax.Array:
        # No activation before the first convolution of the first block.
        residual = self.conv1(maps if self.first else nnx.relu(maps))
        residual = _halve(self.conv2(nnx.relu(residual)))
        return residual + _halve(self.shortcut(maps))


class Generator(nnx.Module):
    """A projection and four residual blocks that double the size, to images in (−1, 1)."""

    def __init__(
        self, *, latent_dim: int, base_channels: int, image_size: int, channels: int
    ) -> None:
        rngs = nnx.Rngs(0)  # NNX draws weights at construction; common's streams replace them
        base, size = base_channels, image_size // 16
        self.maps_shape = (size, size, 16 * base)
        self.project = _linear(latent_dim, size**2 * 16 * base, rngs=rngs)
        self.block1 = _Up(16 * base, 8 * base, rngs=rngs)
        self.block2 = _Up(8 * base, 4 * base, rngs=rngs)
        self.block3 = _Up(4 * base, 2 * base, rngs=rngs)
        self.block4 = _Up(2 * base, base, rngs=rngs)
        self.norm = _norm(base)
        self.image = _conv3(base, channels, rngs=rngs)

    def __call__(self, noise: jax.Array) -> jax.Array:
        maps = self.project(noise).reshape(-1, *self.maps_shape)
        maps = self.block2(self.block1(maps))
        maps = self.block4(self.block3(maps))
        return nnx.tanh(self.image(nnx.relu(self.norm(maps))))


class Discriminator(nnx.Module):
    """Five spectrally normalised residual blocks, their mean over pixels, and scores (N,)."""

    def __init__(self, *, base_channels: int, channels: int, detach_sigma: bool) -> None:
        base = base_channels
        self.block0 = _Down(channels, base, base, first=True, detach_sigma=detach_sigma)
        self.block1 = _Down(base, base, 2 * base, first=False, detach_sigma=detach_sigma)
        self.block2 = _Down(2 * base, 2 * base, 4 * base, first=False, detach_sigma=detach_sigma)
        self.block3 = _Down(4 * base, 4 * base, 8 * base, first=False, detach_sigma=detach_sigma)
        self.block4 = _Down(8 * base, 8 * base, 16 * base, first=False, detach_sigma=detach_sigma)
        self.score = SpectralLinear(16 * base, 1, bias=True, detach_sigma=detach_sigma)

    def __call__(self, images: jax.Array) -> jax.Array:
        maps = self.block2(self.block1(self.block0(images)))
        maps = nnx.relu(self.block4(self.block3(maps)))
        return self.score(maps.mean((1, 2))).squeeze(1)
