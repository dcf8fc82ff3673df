"""The 28×28 pair of mnistGANs, a Keras LSGAN."""

from functools import partial

import jax
from flax import nnx

from jax_impl.convolution import ConvTranspose
from jax_impl.layers import BatchNorm, dropout, leaky_relu

# Keras' momentum is the weight of the old value: 0.99 there.
_norm = partial(BatchNorm, epsilon=1e-3, momentum=0.01, unbiased_running_variance=False)
# nnx's own default is float32; `float` is float64 under x64.
_linear = partial(nnx.Linear, param_dtype=float)
_conv = partial(nnx.Conv, kernel_size=(4, 4), param_dtype=float)
# nnx pads the stretched input: PyTorch's padding p is k−1−p on both sides, here 4−1−1.
_upsample = partial(
    ConvTranspose,
    kernel_size=(4, 4),
    strides=(2, 2),
    padding=((2, 2), (2, 2)),
    transpose_kernel=True,
    param_dtype=float,
)

# Keras' LeakyReLU(0.3) stores its slope in float32, even in float64 networks.
_SLOPE = 0.30000001192092896


class _Up(nnx.Module):
    def __init__(self, in_channels: int, out_channels: int, *, rngs: nnx.Rngs) -> None:
        self.conv = _upsample(in_channels, out_channels, rngs=rngs)
        self.norm = _norm(out_channels)

    def __call__(self, maps: jax.Array) -> jax.Array:
        return nnx.relu(self.norm(self.conv(maps)))


class _Down(nnx.Module):
    def __init__(
        self, in_channels: int, out_channels: int, *, dropout: float, rngs: nnx.Rngs
    ) -> None:
        self.rate = dropout
        self.conv = _conv(
            in_channels, out_channels, strides=(2, 2), padding=((1, 1), (1, 1)), rngs=rngs
        )
        self.norm = _norm(out_channels)

    def __call__(self, maps: jax.Array, mask: jax.Array | None) -> jax.Array:
        maps = leaky_relu(self.norm(self.conv(maps)), negative_slope=_SLOPE)
        return dropout(maps, mask, rate=self.rate)


class Generator(nnx.Module):
    """A projection normalised before its reshape, two transposed convolutions and a convolution."""

    def __init__(
        self, *, latent_dim: int, base_channels: int, image_size: int, channels: int
    ) -> None:
        rngs = nnx.Rngs(0)  # NNX draws weights at construction; common's streams replace them
        base, size = base_channels, image_size // 4
        self.maps_shape = (size, size, 4 * base)
        self.project = _linear(latent_dim, size**2 * 4 * base, rngs=rngs)
        self.project_norm = _norm(size**2 * 4 * base)
        self.block1 = _Up(4 * base, 2 * base, rngs=rngs)
        self.block2 = _Up(2 * base, base, rngs=rngs)
        # Like Keras' "same", an even kernel has one more row of padding below and right.
        self.image = _conv(base, channels, strides=(1, 1), padding="SAME", rngs=rngs)

    def __call__(self, noise: jax.Array) -> jax.Array:
        hidden = nnx.relu(self.project_norm(self.project(noise)))
        maps = self.block2(self.block1(hidden.reshape(-1, *self.maps_shape)))
        return nnx.tanh(self.image(maps))


class Discriminator(nnx.Module):
    """Two strided convolutions with dropout and a linear layer to scores (N,)."""

    def __init__(
        self, *, base_channels: int, image_size: int, channels: int, dropout: float
    ) -> None:
        rngs = nnx.Rngs(0)  # as in the generator
        base, size = base_channels, image_size // 4
        self.block1 = _Down(channels, 2 * base, dropout=dropout, rngs=rngs)
        self.block2 = _Down(2 * base, 4 * base, dropout=dropout, rngs=rngs)
        self.score = _linear(size**2 * 4 * base, 1, rngs=rngs)

    def __call__(self, images: jax.Array, *masks: jax.Array) -> jax.Array:
        first, second = masks or (None, None)
        maps = self.block2(self.block1(images, first), second)
        return self.score(maps.reshape(len(maps), -1)).squeeze(1)
