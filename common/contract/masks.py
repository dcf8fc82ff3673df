"""Dropout masks from the shared stream: which passes of a step need them, and their values."""

import numpy as np
from numpy.typing import NDArray

from common.streams import generator_at
from common.systems import System
from common.systems.networks.parts import Mask
from common.systems.schedules import MixedBatch

Array = NDArray[np.float32]


def mask_roles(system: System) -> dict[str, int]:
    """The forward passes of one step that drop units, each with its samples per real sample.

    "real" and "fake" in the discriminator's update, "generator" in the generator's; "mixed" is
    the one pass over real and fake samples together where the generator goes first.
    """
    if not system.networks.masks:
        return {}
    if isinstance(system.schedule, MixedBatch):
        return {"mixed": 2}
    return {"real": 1, "fake": 1, "generator": 1}


def draw_masks(system: System, seed: int, role: str, batch: int, *place: int) -> tuple[Array, ...]:
    """1 where a unit stays and 0 where it is dropped, (N, C, H, W), of one forward pass.

    `place` is the step and the update within it.
    """
    if role not in mask_roles(system):
        return ()
    samples = batch * mask_roles(system)[role]

    def kept(mask: Mask) -> Array:
        rng = generator_at(seed, "mask", role, mask.name, *place)
        return (rng.random((samples, *mask.shape), np.float32) >= mask.rate).astype(np.float32)

    return tuple(map(kept, system.networks.masks))
