"""The networks as files for those who use this framework without the project."""

from pathlib import Path

import jittor as jt
from jittor import nn


def export_networks(generator: nn.Module, discriminator: nn.Module, path: Path) -> None:
    """Write both networks as this framework's users load them.

    One file of two state dicts, whose name must end in .pkl: to jt.load other endings are
    PyTorch's.
    """
    networks = {"generator": generator, "discriminator": discriminator}
    # A Var in a pickle comes back in float32, whatever it was.
    states = {name: network.state_dict(to="numpy") for name, network in networks.items()}
    jt.save(states, str(path))
