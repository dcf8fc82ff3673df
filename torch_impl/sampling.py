"""Sampling, and the moving average of the generator."""

from copy import deepcopy

import numpy as np
import torch
from torch import nn

from torch_impl import probes
from torch_impl.gan import GAN
from torch_impl.interop import bare, to_canonical, to_native


def start_average(gan: GAN) -> nn.Module:
    """A copy of the generator, which starts its moving average."""
    return deepcopy(bare(gan.generator)).requires_grad_(False)


@torch.no_grad()
def update_average(average: nn.Module, generator: nn.Module, *, decay: float) -> None:
    """Move every parameter and buffer of the average towards the generator's by 1 − decay."""
    news = bare(generator).state_dict()
    for name, kept in average.state_dict().items():
        kept.lerp_(news[name], 1 - decay)


def sample(generator: nn.Module, noise: np.ndarray) -> np.ndarray:
    """Images (N, C, H, W) for noise (N, latent_dim), with running statistics, as an array."""
    return to_canonical(probes.forward(bare(generator), to_native(noise), training=False))
