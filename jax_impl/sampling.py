"""Sampling, and the moving average of the generator."""

import jax
import numpy as np
import optax
from flax import nnx

from jax_impl import probes
from jax_impl.gan import GAN
from jax_impl.interop import to_canonical, to_native
from jax_impl.parallel import local_copy


def start_average(gan: GAN) -> nnx.Module:
    """A copy of the generator, which starts its moving average."""
    return nnx.clone(gan.generator)


def update_average(average: nnx.Module, generator: nnx.Module, *, decay: float) -> None:
    """Move every parameter and buffer of the average towards the generator's by 1 − decay."""
    _move(average, generator, 1 - decay)


@nnx.jit
def _move(average: nnx.Module, generator: nnx.Module, share: float | jax.Array) -> None:
    moved = optax.incremental_update(nnx.state(generator), nnx.state(average), share)
    nnx.update(average, moved)


def sample(generator: nnx.Module, noise: np.ndarray) -> np.ndarray:
    """Images (N, C, H, W) for noise (N, latent_dim), with running statistics, as an array."""
    return to_canonical(probes.forward(local_copy(generator), to_native(noise), training=False))
