"""Stand-ins for real samples, where no data set is read."""

import numpy as np

from common.streams import Array, Streams
from common.systems import System
from common.systems.networks import GANMoments


def synthetic_batch(system: System, seed: int, step: int, index: int, batch: int) -> Array:
    """A batch in the range of the system's samples: images, points or numbers.

    `index` counts the discriminator's updates within the step.
    """
    values = Streams(seed).samples(step, index, (batch, *system.sample_shape))
    if isinstance(system.networks, GANMoments):
        return 4 + 1.25 * values  # N(4, 1.25), the system's own data
    squashed: Array = np.tanh(values)
    return (squashed + 1) / 2 if system.networks.pixel_range == "unit" else squashed
