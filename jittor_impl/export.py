"""Export the networks to files that this framework loads without the project."""

from pathlib import Path

import jittor as jt
from jittor import nn


def export_networks(generator: nn.Module, discriminator: nn.Module, path: Path) -> None:
    """Write both networks in this framework's own format.

    One file of two state dicts, whose name must end in .pkl: to jt.load other endings are
    PyTorch's.
    """
    networks = {"generator": generator, "discriminator": discriminator}
    # A pickled Var is always restored in float32.
    states = {name: network.state_dict(to="numpy") for name, network in networks.items()}
    jt.save(states, str(path))
