"""The moving average of the generator's weights."""

import jittor as jt
from jittor import nn

from jittor_impl.gan import GAN
from jittor_impl.layers import _constant
from jittor_impl.networks import build_networks


def start_average(gan: GAN) -> nn.Module:
    """A copy of the generator, to be averaged from here on."""
    average, _ = build_networks(gan.system)
    average.load_state_dict(gan.generator.state_dict())
    return average


@jt.no_grad()
def update_average(average: nn.Module, generator: nn.Module, *, decay: float) -> None:
    """Move every parameter and buffer of the average towards the generator's by 1 − decay."""
    news = generator.state_dict()
    averages = average.state_dict()
    for name, kept in averages.items():
        kept.assign(kept + _constant(1 - decay, kept) * (news[name] - kept))
    # Otherwise the graph of every average so far waits to be computed.
    jt.sync(list(averages.values()))
