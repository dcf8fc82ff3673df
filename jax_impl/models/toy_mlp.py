"""The MLP pair of caogang's wgan-gp on points in the plane (gan_toy.py)."""

from functools import partial

import jax
from flax import nnx

# nnx's own default is float32; `float` is float64 under x64.
_linear = partial(nnx.Linear, param_dtype=float)


class Generator(nnx.Module):
    """Four linear layers from noise (N, latent_dim) to points (N, point_dim)."""

    def __init__(self, *, latent_dim: int, features: int, point_dim: int) -> None:
        rngs = nnx.Rngs(0)  # NNX draws weights at construction; common's streams replace them
        self.linear1 = _linear(latent_dim, features, rngs=rngs)
        self.linear2 = _linear(features, features, rngs=rngs)
        self.linear3 = _linear(features, features, rngs=rngs)
        self.linear4 = _linear(features, point_dim, rngs=rngs)

    def __call__(self, noise: jax.Array) -> jax.Array:
        hidden = nnx.relu(self.linear1(noise))
        hidden = nnx.relu(self.linear2(hidden))
        hidden = nnx.relu(self.linear3(hidden))
        return self.linear4(hidden)


class Discriminator(nnx.Module):
    """Four linear layers from points (N, point_dim) to scores (N,)."""

    def __init__(self, *, features: int, point_dim: int) -> None:
        rngs = nnx.Rngs(0)  # as in the generator
        self.linear1 = _linear(point_dim, features, rngs=rngs)
        self.linear2 = _linear(features, features, rngs=rngs)
        self.linear3 = _linear(features, features, rngs=rngs)
        self.linear4 = _linear(features, 1, rngs=rngs)

    def __call__(self, points: jax.Array) -> jax.Array:
        hidden = nnx.relu(self.linear1(points))
        hidden = nnx.relu(self.linear2(hidden))
        hidden = nnx.relu(self.linear3(hidden))
        return self.linear4(hidden).squeeze(1)
