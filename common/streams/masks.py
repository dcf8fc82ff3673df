"""Dropout masks from the shared random streams, and the forward passes that need them."""

import numpy as np
from numpy.typing import NDArray

from common.streams import generator_at
from common.systems import System
from common.systems.networks.parts import Mask
from common.systems.schedules import MixedBatch

Array = NDArray[np.float32]


def mask_roles(system: System) -> dict[str, int]:
    """The forward passes of one step with dropout, and how many samples each has per real sample.

    "real" and "fake" belong to the discriminator's update, "generator" to the generator's;
    "mixed" is the pass over one batch of real and fake samples.
    """
    if not system.networks.masks:
        return {}
    if isinstance(system.schedule, MixedBatch):
        return {"mixed": 2}
    return {"real": 1, "fake": 1, "generator": 1}


def draw_masks(system: System, seed: int, role: str, batch: int, *place: int) -> tuple[Array, ...]:
    """The masks of one forward pass, (N, C, H, W): 1 keeps a unit, 0 drops it.

    `place` is the step and the update within it.
    """
    if role not in mask_roles(system):
        return ()
    samples = batch * mask_roles(system)[role]

    def kept(mask: Mask) -> Array:
        rng = generator_at(seed, "mask", role, mask.name, *place)
        return (rng.random((samples, *mask.shape), np.float32) >= mask.rate).astype(np.float32)

    return tuple(map(kept, system.networks.masks))
