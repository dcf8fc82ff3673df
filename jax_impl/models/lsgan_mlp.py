"""The MLP pair of CS231n's GANs on MNIST."""

from functools import partial

import jax
from flax import nnx

from jax_impl.layers import leaky_relu

# nnx's own default is float32; `float` is float64 under x64.
_linear = partial(nnx.Linear, param_dtype=float)


class Generator(nnx.Module):
    """Three linear layers from noise (N, latent_dim) to images in (−1, 1)."""

    def __init__(self, *, latent_dim: int, features: int, image_size: int, channels: int) -> None:
        rngs = nnx.Rngs(0)  # NNX draws weights at construction; common's streams replace them
        self.image_shape = (image_size, image_size, channels)
        self.linear1 = _linear(latent_dim, features, rngs=rngs)
        self.linear2 = _linear(features, features, rngs=rngs)
        self.linear3 = _linear(features, image_size**2 * channels, rngs=rngs)

    def __call__(self, noise: jax.Array) -> jax.Array:
        hidden = nnx.relu(self.linear1(noise))
        hidden = nnx.relu(self.linear2(hidden))
        return nnx.tanh(self.linear3(hidden)).reshape(-1, *self.image_shape)


class Discriminator(nnx.Module):
    """Three linear layers from images to scores (N,), without a sigmoid."""

    def __init__(self, *, features: int, image_size: int, channels: int) -> None:
        rngs = nnx.Rngs(0)  # as in the generator
        self.linear1 = _linear(image_size**2 * channels, features, rngs=rngs)
        self.linear2 = _linear(features, features, rngs=rngs)
        self.linear3 = _linear(features, 1, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        flat = images.reshape(len(images), -1)
        hidden = leaky_relu(self.linear1(flat), negative_slope=0.2)
        hidden = leaky_relu(self.linear2(hidden), negative_slope=0.2)
        return self.linear3(hidden).squeeze(1)
