"""Export the networks to files that this framework loads without the project."""

from pathlib import Path

import torch
from torch import nn


def export_networks(generator: nn.Module, discriminator: nn.Module, path: Path) -> None:
    """Write both networks in this framework's own format.

    One file of two state dicts on the CPU: torch.load reads it with weights_only=True.
    """
    networks = {"generator": generator, "discriminator": discriminator}
    states = {
        name: {key: tensor.cpu() for key, tensor in network.state_dict().items()}
        for name, network in networks.items()
    }
    torch.save(states, path)
