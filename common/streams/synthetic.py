"""Synthetic real samples, for comparisons that read no data set."""

import numpy as np

from common.streams import Array, Streams
from common.systems import System
from common.systems.networks import GANMoments


def synthetic_batch(system: System, seed: int, step: int, index: int, batch: int) -> Array:
    """A batch of images, points or numbers in the range of the system's samples.

    `index` counts the discriminator updates within the step.
    """
    values = Streams(seed).samples(step, index, (batch, *system.sample_shape))
    if isinstance(system.networks, GANMoments):
        return 4 + 1.25 * values  # N(4, 1.25), the system's own data
    squashed: Array = np.tanh(values)
    return (squashed + 1) / 2 if system.networks.pixel_range == "unit" else squashed
