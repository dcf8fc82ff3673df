"""The 112×112 convolutional pair of Jittor's LSGAN notebook."""

from functools import partial

import jax
from flax import nnx

from jax_impl.convolution import Conv, ConvTranspose
from jax_impl.layers import BatchNorm, leaky_relu

_norm = partial(BatchNorm, epsilon=1e-5, momentum=0.1, unbiased_running_variance=False)
# nnx's own default is float32; `float` is float64 under x64.
_linear = partial(nnx.Linear, param_dtype=float)
_downsample = partial(
    Conv, kernel_size=(5, 5), strides=(2, 2), padding=((2, 2), (2, 2)), param_dtype=float
)


def _upsample(in_channels: int, out_channels: int, *, stride: int, rngs: nnx.Rngs) -> ConvTranspose:
    # nnx pads the stretched input: PyTorch's padding p with output padding o is k−1−p before
    # and k−1−p+o after, here 3−1−1 and stride−1 more.
    return ConvTranspose(
        in_channels,
        out_channels,
        kernel_size=(3, 3),
        strides=(stride, stride),
        padding=((1, stride), (1, stride)),
        transpose_kernel=True,
        param_dtype=float,
        rngs=rngs,
    )


class _Up(nnx.Module):
    def __init__(self, in_channels: int, out_channels: int, *, stride: int, rngs: nnx.Rngs) -> None:
        self.conv = _upsample(in_channels, out_channels, stride=stride, rngs=rngs)
        self.norm = _norm(out_channels)

    def __call__(self, maps: jax.Array) -> jax.Array:
        return nnx.relu(self.norm(self.conv(maps)))


class _Down(nnx.Module):
    def __init__(self, in_channels: int, out_channels: int, *, rngs: nnx.Rngs) -> None:
        self.conv = _downsample(in_channels, out_channels, rngs=rngs)
        self.norm = _norm(out_channels)

    def __call__(self, maps: jax.Array) -> jax.Array:
        return leaky_relu(self.norm(self.conv(maps)), negative_slope=0.2)


class Generator(nnx.Module):
    """A projection and seven transposed convolutions from noise to images in (−1, 1)."""

    def __init__(
        self, *, latent_dim: int, base_channels: int, image_size: int, channels: int
    ) -> None:
        rngs = nnx.Rngs(0)  # NNX draws weights at construction; common's streams replace them
        base, size = base_channels, image_size // 16
        self.maps_shape = (size, size, 4 * base)
        self.project = _linear(latent_dim, size**2 * 4 * base, rngs=rngs)
        self.project_norm = _norm(4 * base)
        self.block1 = _Up(4 * base, 4 * base, stride=2, rngs=rngs)
        self.block2 = _Up(4 * base, 4 * base, stride=1, rngs=rngs)
        self.block3 = _Up(4 * base, 4 * base, stride=2, rngs=rngs)
        self.block4 = _Up(4 * base, 4 * base, stride=1, rngs=rngs)
        self.block5 = _Up(4 * base, 2 * base, stride=2, rngs=rngs)
        self.block6 = _Up(2 * base, base, stride=2, rngs=rngs)
        self.image = _upsample(base, channels, stride=1, rngs=rngs)

    def __call__(self, noise: jax.Array) -> jax.Array:
        maps = self.project(noise).reshape(-1, *self.maps_shape)
        maps = nnx.relu(self.project_norm(maps))
        maps = self.block2(self.block1(maps))
        maps = self.block4(self.block3(maps))
        maps = self.block6(self.block5(maps))
        return nnx.tanh(self.image(maps))


class Discriminator(nnx.Module):
    """Four strided convolutions and a linear layer to scores (N,), without a sigmoid."""

    def __init__(self, *, base_channels: int, image_size: int, channels: int) -> None:
        rngs = nnx.Rngs(0)  # as in the generator
        base, size = base_channels, image_size // 16
        self.conv = _downsample(channels, base, rngs=rngs)
        self.block1 = _Down(base, 2 * base, rngs=rngs)
        self.block2 = _Down(2 * base, 4 * base, rngs=rngs)
        self.block3 = _Down(4 * base, 8 * base, rngs=rngs)
        self.score = _linear(size**2 * 8 * base, 1, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        maps = leaky_relu(self.conv(images), negative_slope=0.2)
        maps = self.block3(self.block2(self.block1(maps)))
        return self.score(maps.reshape(len(maps), -1)).squeeze(1)
