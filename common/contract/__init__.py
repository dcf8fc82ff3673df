"""The parameter contract: every tensor of each network, defined independently of the ports."""

from math import prod

from common.systems import System
from common.systems.networks.parameters import BUFFERS, RUNNING, WEIGHTS, Maps, Parameter

__all__ = [
    "BUFFERS",
    "RUNNING",
    "WEIGHTS",
    "Maps",
    "Parameter",
    "contract",
    "count_trainable",
    "network_contract",
]


def contract(system: System) -> tuple[Parameter, ...]:
    """Every tensor of a system in forward order, generator first, buffers after the weights.

    The shapes follow from the sizes of its networks: `common.systems.networks` lists the layers.
    """
    return tuple(system.networks.layers())


def network_contract(system: System, network: str) -> tuple[Parameter, ...]:
    """The part of the contract that belongs to "generator" or "discriminator"."""
    return tuple(p for p in contract(system) if p.network == network)


def count_trainable(system: System, network: str) -> int:
    """The number of trainable parameters of that network."""
    return sum(prod(p.shape) for p in network_contract(system, network) if p.trainable)
