"""The training loop and sampling."""

from collections.abc import Iterable, Iterator

import numpy as np
from jittor import Var, nn

from common.rounds import Round
from jittor_impl import probes
from jittor_impl.gan import GAN
from jittor_impl.interop import to_canonical, to_native
from jittor_impl.rounds import play_round


def train(gan: GAN, rounds: Iterable[Round]) -> Iterator[tuple[int, dict[str, Var]]]:
    """Play each round and yield its step and its metrics.

    The metrics stay on the device: reading one waits for it.
    """
    for arrays in rounds:
        yield arrays.step, play_round(gan, arrays)


def sample(generator: nn.Module, noise: np.ndarray) -> np.ndarray:
    """Images (N, C, H, W) for noise (N, latent_dim), with running statistics, as an array."""
    return to_canonical(probes.forward(generator, to_native(noise), training=False))
