"""The parameter contract: what tensors each network has, stated apart from every port."""

from math import prod

from common.catalogue import System
from common.networks import NETWORKS
from common.parameters import BUFFERS, RUNNING, WEIGHTS, Maps, Parameter

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
    """Every tensor of the row in forward order, generator first, buffers after their layer's own.

    The shapes follow from the row's options; `common.networks` holds one function a family.
    """
    return tuple(NETWORKS[system.architecture](system))


def network_contract(system: System, network: str) -> tuple[Parameter, ...]:
    """The part of the contract that belongs to "generator" or "discriminator"."""
    return tuple(p for p in contract(system) if p.network == network)


def count_trainable(system: System, network: str) -> int:
    """How many numbers an optimiser updates in that network."""
    return sum(prod(p.shape) for p in network_contract(system, network) if p.trainable)
