"""The training loop and sampling."""

from collections.abc import Iterable, Iterator

import jax
import numpy as np
from flax import nnx

from common.rounds import Round
from jax_impl import probes
from jax_impl.gan import GAN
from jax_impl.interop import to_canonical, to_native
from jax_impl.rounds import play_round


def train(gan: GAN, rounds: Iterable[Round]) -> Iterator[tuple[int, dict[str, jax.Array]]]:
    """Play each round and yield its step and its metrics.

    The metrics stay on the device: reading one waits for it.
    """
    for arrays in rounds:
        yield arrays.step, play_round(gan, arrays)


def sample(generator: nnx.Module, noise: np.ndarray) -> np.ndarray:
    """Images (N, C, H, W) for noise (N, latent_dim), with running statistics, as an array."""
    return to_canonical(probes.forward(generator, to_native(noise), training=False))
