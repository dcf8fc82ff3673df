"""The MLP pair of arjovsky's WassersteinGAN, an alternative to DCGAN."""

from functools import partial

import jax
from flax import nnx

# nnx's own default is float32; `float` is float64 under x64.
_linear = partial(nnx.Linear, param_dtype=float)


class Generator(nnx.Module):
    """Four linear layers from noise (N, latent_dim) to images, without a tanh."""

    def __init__(
        self, *, latent_dim: int, base_channels: int, image_size: int, channels: int
    ) -> None:
        rngs = nnx.Rngs(0)  # NNX draws weights at construction; common's streams replace them
        self.image_shape = (image_size, image_size, channels)
        self.linear1 = _linear(latent_dim, base_channels, rngs=rngs)
        self.linear2 = _linear(base_channels, base_channels, rngs=rngs)
        self.linear3 = _linear(base_channels, base_channels, rngs=rngs)
        self.linear4 = _linear(base_channels, image_size**2 * channels, rngs=rngs)

    def __call__(self, noise: jax.Array) -> jax.Array:
        hidden = nnx.relu(self.linear1(noise))
        hidden = nnx.relu(self.linear2(hidden))
        hidden = nnx.relu(self.linear3(hidden))
        return self.linear4(hidden).reshape(-1, *self.image_shape)


class Discriminator(nnx.Module):
    """Four linear layers from images to scores (N,)."""

    def __init__(self, *, base_channels: int, image_size: int, channels: int) -> None:
        rngs = nnx.Rngs(0)  # as in the generator
        self.linear1 = _linear(image_size**2 * channels, base_channels, rngs=rngs)
        self.linear2 = _linear(base_channels, base_channels, rngs=rngs)
        self.linear3 = _linear(base_channels, base_channels, rngs=rngs)
        self.linear4 = _linear(base_channels, 1, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        hidden = nnx.relu(self.linear1(images.reshape(len(images), -1)))
        hidden = nnx.relu(self.linear2(hidden))
        hidden = nnx.relu(self.linear3(hidden))
        return self.linear4(hidden).squeeze(1)
