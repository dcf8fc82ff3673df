"""SNDCGAN for 32×32, as in godisboy's SN-GAN."""

from functools import partial

import jax
from flax import nnx

from jax_impl.convolution import ConvTranspose
from jax_impl.layers import BatchNorm, leaky_relu
from jax_impl.spectral import SpectralConv

_norm = partial(BatchNorm, epsilon=1e-5, momentum=0.1, unbiased_running_variance=True)
# nnx's own default is float32; `float` is float64 under x64.
_upsample = partial(ConvTranspose, transpose_kernel=True, param_dtype=float)


class _Up(nnx.Module):
    def __init__(self, in_channels: int, out_channels: int, *, rngs: nnx.Rngs) -> None:
        # nnx pads the stretched input: PyTorch's padding p is k−1−p on both sides, here 4−1−1.
        self.conv = _upsample(
            in_channels,
            out_channels,
            kernel_size=(4, 4),
            strides=(2, 2),
            padding=((2, 2), (2, 2)),
            rngs=rngs,
        )
        self.norm = _norm(out_channels)

    def __call__(self, maps: jax.Array) -> jax.Array:
        return nnx.relu(self.norm(self.conv(maps)))


class Generator(nnx.Module):
    """Transposed convolutions from noise at 1×1 over 4×4 to images in (−1, 1)."""

    def __init__(self, *, latent_dim: int, base_channels: int, channels: int) -> None:
        rngs = nnx.Rngs(0)  # NNX draws weights at construction; common's streams replace them
        base, same = base_channels, ((1, 1), (1, 1))
        self.project = _upsample(
            latent_dim, 8 * base, kernel_size=(4, 4), strides=(1, 1), padding="VALID", rngs=rngs
        )
        self.project_norm = _norm(8 * base)
        self.block1 = _Up(8 * base, 4 * base, rngs=rngs)
        self.block2 = _Up(4 * base, 2 * base, rngs=rngs)
        self.block3 = _Up(2 * base, base, rngs=rngs)
        self.image = _upsample(
            base, channels, kernel_size=(3, 3), strides=(1, 1), padding=same, rngs=rngs
        )

    def __call__(self, noise: jax.Array) -> jax.Array:
        maps = self.project(noise[:, None, None, :])
        maps = nnx.relu(self.project_norm(maps))
        maps = self.block3(self.block2(self.block1(maps)))
        return nnx.tanh(self.image(maps))


class Discriminator(nnx.Module):
    """Eight spectrally normalised convolutions to scores (N,), without a sigmoid."""

    def __init__(self, *, base_channels: int, channels: int, detach_sigma: bool) -> None:
        base = base_channels
        same = partial(
            SpectralConv, kernel_size=3, stride=1, padding=1, bias=True, detach_sigma=detach_sigma
        )
        half = partial(
            SpectralConv, kernel_size=4, stride=2, padding=1, bias=True, detach_sigma=detach_sigma
        )
        self.conv1 = same(channels, base)
        self.conv2 = half(base, base)
        self.conv3 = same(base, 2 * base)
        self.conv4 = half(2 * base, 2 * base)
        self.conv5 = same(2 * base, 4 * base)
        self.conv6 = half(4 * base, 4 * base)
        self.conv7 = same(4 * base, 8 * base)
        self.score = SpectralConv(
            8 * base, 1, kernel_size=4, stride=1, padding=0, bias=False, detach_sigma=detach_sigma
        )

    def __call__(self, images: jax.Array) -> jax.Array:
        maps = leaky_relu(self.conv1(images), negative_slope=0.1)
        maps = leaky_relu(self.conv2(maps), negative_slope=0.1)
        maps = leaky_relu(self.conv3(maps), negative_slope=0.1)
        maps = leaky_relu(self.conv4(maps), negative_slope=0.1)
        maps = leaky_relu(self.conv5(maps), negative_slope=0.1)
        maps = leaky_relu(self.conv6(maps), negative_slope=0.1)
        maps = leaky_relu(self.conv7(maps), negative_slope=0.1)
        return self.score(maps).ravel()
