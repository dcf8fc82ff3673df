"""Dropout masks: what shape each family needs, and their values from the shared stream."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.catalogue import System
from common.networks.builders import width
from common.streams import generator_at

Shape = tuple[int, int, int]
Array = NDArray[np.float32]


@dataclass(frozen=True)
class Mask:
    """One place in the discriminator where units are dropped; the shape is that of one sample."""

    name: str
    shape: Shape


def _lsgan_keras(system: System) -> list[Mask]:
    base, size = width(system.base_channels), width(system.image_size)
    return [
        Mask("block1", (2 * base, size // 2, size // 2)),
        Mask("block2", (4 * base, size // 4, size // 4)),
    ]


def _lsgan_pytorch(system: System) -> list[Mask]:
    """Whole channels are dropped."""
    base = width(system.base_channels)
    names = ("conv", "block1", "block2", "block3")
    return [Mask(name, (base * 2**i, 1, 1)) for i, name in enumerate(names)]


DROPOUT: Mapping[str, Callable[[System], list[Mask]]] = {
    "lsgan_keras": _lsgan_keras,
    "lsgan_pytorch": _lsgan_pytorch,
}


def masks_of(system: System) -> list[Mask]:
    """The discriminator's masks in forward order; none where the family drops nothing."""
    return DROPOUT[system.architecture](system) if system.architecture in DROPOUT else []


def mask_roles(system: System) -> dict[str, int]:
    """The forward passes of one step that drop units, each with its samples per real sample.

    "real" and "fake" in the discriminator's update, "generator" in the generator's; "mixed" is
    the one pass over real and fake samples together where the generator goes first.
    """
    if not masks_of(system):
        return {}
    if system.order == "generator_first":
        return {"mixed": 2}
    return {"real": 1, "fake": 1, "generator": 1}


def draw_masks(system: System, seed: int, role: str, batch: int, *place: int) -> tuple[Array, ...]:
    """1 where a unit stays and 0 where it is dropped, (N, C, H, W), of one forward pass.

    `place` is the step and the update within it.
    """
    if role not in mask_roles(system):
        return ()
    rate, rows = system.dropout or 0.0, batch * mask_roles(system)[role]

    def kept(mask: Mask) -> Array:
        rng = generator_at(seed, "mask", role, mask.name, *place)
        return (rng.random((rows, *mask.shape), np.float32) >= rate).astype(np.float32)

    return tuple(map(kept, masks_of(system)))
