"""The pair of devnag's GAN on numbers: the discriminator sees four moments."""

from functools import partial

import jax
import jax.numpy as jnp
from flax import nnx

# nnx's own default is float32; `float` is float64 under x64.
_linear = partial(nnx.Linear, param_dtype=float)


class Generator(nnx.Module):
    """Three linear layers from noise (N, latent_dim) to numbers (N, 1)."""

    def __init__(self, *, latent_dim: int, features: int) -> None:
        rngs = nnx.Rngs(0)  # NNX draws weights at construction; common's streams replace them
        self.linear1 = _linear(latent_dim, features, rngs=rngs)
        self.linear2 = _linear(features, features, rngs=rngs)
        self.linear3 = _linear(features, 1, rngs=rngs)

    def __call__(self, noise: jax.Array) -> jax.Array:
        hidden = nnx.tanh(self.linear1(noise))
        hidden = nnx.tanh(self.linear2(hidden))
        return self.linear3(hidden)


class Discriminator(nnx.Module):
    """Three linear layers on the moments of a whole minibatch (N, 1), to one score (1,)."""

    def __init__(self, *, features: int) -> None:
        rngs = nnx.Rngs(0)  # as in the generator
        self.linear1 = _linear(4, features, rngs=rngs)
        self.linear2 = _linear(features, features, rngs=rngs)
        self.linear3 = _linear(features, 1, rngs=rngs)

    def __call__(self, numbers: jax.Array) -> jax.Array:
        hidden = nnx.sigmoid(self.linear1(_moments(numbers)))
        hidden = nnx.sigmoid(self.linear2(hidden))
        return self.linear3(hidden)


def _moments(numbers: jax.Array) -> jax.Array:
    """Mean, standard deviation, skewness and excess kurtosis, of the population."""
    mean = numbers.mean()
    centred = numbers - mean
    deviation = jnp.sqrt(jnp.square(centred).mean())
    scaled = centred / deviation
    return jnp.stack([mean, deviation, (scaled**3).mean(), (scaled**4).mean() - 3])
