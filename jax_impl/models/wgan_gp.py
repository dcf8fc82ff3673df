"""The 28×28 pair of caogang's wgan-gp (gan_mnist.py)."""

from functools import partial

import jax
from flax import nnx

from jax_impl.convolution import Conv, ConvTranspose

# nnx's own default is float32; `float` is float64 under x64.
_linear = partial(nnx.Linear, param_dtype=float)
_conv = partial(
    Conv, kernel_size=(5, 5), strides=(2, 2), padding=((2, 2), (2, 2)), param_dtype=float
)
_upsample = partial(ConvTranspose, padding="VALID", transpose_kernel=True, param_dtype=float)


class Generator(nnx.Module):
    """A projection and three valid transposed convolutions with a crop, to images in (0, 1)."""

    def __init__(self, *, latent_dim: int, base_channels: int, channels: int) -> None:
        rngs = nnx.Rngs(0)  # NNX draws weights at construction; common's streams replace them
        base = base_channels
        self.maps_shape = (4, 4, 4 * base)
        self.project = _linear(latent_dim, 4 * 4 * 4 * base, rngs=rngs)
        self.up1 = _upsample(4 * base, 2 * base, kernel_size=(5, 5), strides=(1, 1), rngs=rngs)
        self.up2 = _upsample(2 * base, base, kernel_size=(5, 5), strides=(1, 1), rngs=rngs)
        self.image = _upsample(base, channels, kernel_size=(8, 8), strides=(2, 2), rngs=rngs)

    def __call__(self, noise: jax.Array) -> jax.Array:
        maps = nnx.relu(self.project(noise)).reshape(-1, *self.maps_shape)
        maps = nnx.relu(self.up1(maps))[:, :7, :7]
        return nnx.sigmoid(self.image(nnx.relu(self.up2(maps))))


class Discriminator(nnx.Module):
    """Three strided convolutions and a linear layer to scores (N,), without a norm."""

    def __init__(self, *, base_channels: int, channels: int) -> None:
        rngs = nnx.Rngs(0)  # as in the generator
        base = base_channels
        self.conv1 = _conv(channels, base, rngs=rngs)
        self.conv2 = _conv(base, 2 * base, rngs=rngs)
        self.conv3 = _conv(2 * base, 4 * base, rngs=rngs)
        self.score = _linear(4 * 4 * 4 * base, 1, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        maps = nnx.relu(self.conv1(images))
        maps = nnx.relu(self.conv3(nnx.relu(self.conv2(maps))))
        return self.score(maps.reshape(len(maps), -1)).squeeze(1)
