"""The moving average of the generator's weights."""

from copy import deepcopy

import torch
from torch import nn

from torch_impl.gan import GAN


def start_average(gan: GAN) -> nn.Module:
    """A copy of the generator, to be averaged from here on."""
    return deepcopy(gan.generator).requires_grad_(False)


@torch.no_grad()
def update_average(average: nn.Module, generator: nn.Module, *, decay: float) -> None:
    """Move every parameter and buffer of the average towards the generator's by 1 − decay."""
    news = generator.state_dict()
    for name, kept in average.state_dict().items():
        kept.lerp_(news[name], 1 - decay)
