"""Sampling, and the moving average of the generator."""

import jittor as jt
import numpy as np
from jittor import nn

from jittor_impl import probes
from jittor_impl.device import chosen_dtype
from jittor_impl.gan import GAN
from jittor_impl.interop import to_canonical, to_native
from jittor_impl.layers import constant


def start_average(gan: GAN) -> nn.Module:
    """A copy of the generator, which starts its moving average."""
    average = type(gan.generator)(**gan.system.networks.generator)
    # Jittor's layers create float32 parameters; the method is average.float32 or average.float64.
    average = getattr(average, chosen_dtype())()
    average.load_state_dict(gan.generator.state_dict())
    return average


@jt.no_grad()
def update_average(average: nn.Module, generator: nn.Module, *, decay: float) -> None:
    """Move every parameter and buffer of the average towards the generator's by 1 − decay."""
    news = generator.state_dict()
    averages = average.state_dict()
    for name, kept in averages.items():
        kept.assign(kept + constant(1 - decay, kept) * (news[name] - kept))
    # Otherwise the graph would grow with every update of the average.
    jt.sync(list(averages.values()))


def sample(generator: nn.Module, noise: np.ndarray) -> np.ndarray:
    """Images (N, C, H, W) for noise (N, latent_dim), with running statistics, as an array."""
    return to_canonical(probes.forward(generator, to_native(noise), training=False))
