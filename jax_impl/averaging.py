"""The moving average of the generator's weights."""

import jax
import optax
from flax import nnx

from jax_impl.gan import GAN


def start_average(gan: GAN) -> nnx.Module:
    """A copy of the generator, to be averaged from here on."""
    return nnx.clone(gan.generator)


def update_average(average: nnx.Module, generator: nnx.Module, *, decay: float) -> None:
    """Move every parameter and buffer of the average towards the generator's by 1 − decay."""
    _move(average, generator, 1 - decay)


@nnx.jit
def _move(average: nnx.Module, generator: nnx.Module, share: float | jax.Array) -> None:
    moved = optax.incremental_update(nnx.state(generator), nnx.state(average), share)
    nnx.update(average, moved)
