"""The parameter contract: what tensors each network has, stated apart from every port."""

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
    """Every tensor of a system in forward order, generator first, buffers after their layer's own.

    The shapes follow from the sizes of its networks: `common.systems.networks` lists the layers.
    """
    return tuple(system.networks.layers())


def network_contract(system: System, network: str) -> tuple[Parameter, ...]:
    """The part of the contract that belongs to "generator" or "discriminator"."""
    return tuple(p for p in contract(system) if p.network == network)


def count_trainable(system: System, network: str) -> int:
    """How many numbers an optimiser updates in that network."""
    return sum(prod(p.shape) for p in network_contract(system, network) if p.trainable)
