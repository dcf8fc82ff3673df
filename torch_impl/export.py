"""The networks as files for those who use this framework without the project."""

from pathlib import Path

import torch
from torch import nn


def export_networks(generator: nn.Module, discriminator: nn.Module, path: Path) -> None:
    """Write both networks as this framework's users load them.

    One file of two state dicts on the CPU: torch.load reads it with weights_only=True.
    """
    networks = {"generator": generator, "discriminator": discriminator}
    states = {
        name: {key: tensor.cpu() for key, tensor in network.state_dict().items()}
        for name, network in networks.items()
    }
    torch.save(states, path)
