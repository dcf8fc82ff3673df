"""Points in the plane and numbers: the toys of seed S3, drawn whole from their own streams."""

import numpy as np
from numpy.typing import NDArray

from common.streams import generator_at

Points = NDArray[np.float32]
COUNT = 100_000  # draws that count as one epoch


def eight_gaussians(seed: int) -> Points:
    """Eight Gaussians of deviation 0.02 on a circle of radius 2, all divided by √2.

    Source: gan_toy.py of caogang's wgan-gp.
    """
    rng = generator_at(seed, "8gaussians")
    angle = 2 * np.pi * rng.integers(8, size=COUNT) / 8
    centres = 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.asarray((centres + 0.02 * rng.standard_normal((COUNT, 2))) / np.sqrt(2), np.float32)


def twenty_five_gaussians(seed: int) -> Points:
    """Gaussians of deviation 0.05 on a 5×5 grid of spacing 2, all divided by 2√2.

    Source: gan_toy.py of caogang's wgan-gp.
    """
    rng = generator_at(seed, "25gaussians")
    centres = 2.0 * rng.integers(-2, 3, size=(COUNT, 2))
    return np.asarray(
        (centres + 0.05 * rng.standard_normal((COUNT, 2))) / (2 * np.sqrt(2)), np.float32
    )


def swiss_roll(seed: int) -> Points:
    """scikit-learn's swiss roll seen from the side, noise 0.25, divided by 7.5.

    Source: gan_toy.py of caogang's wgan-gp.
    """
    from sklearn.datasets import make_swiss_roll

    state = int(generator_at(seed, "swissroll").integers(2**31))
    roll, _ = make_swiss_roll(COUNT, noise=0.25, random_state=state)
    return np.asarray(roll[:, [0, 2]] / 7.5, np.float32)


def gaussian(seed: int) -> Points:
    """Numbers from N(4, 1.25), 1.25 being the standard deviation.

    Source: devnag's pytorch-generative-adversarial-networks.
    """
    return np.asarray(
        4 + 1.25 * generator_at(seed, "gaussian").standard_normal((COUNT, 1)), np.float32
    )
