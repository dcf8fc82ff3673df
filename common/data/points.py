"""Points in the plane and numbers: the toy data of caogang's wgan-gp and of devnag's repository.

Each data set is drawn from its own random stream.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.streams import Array, generator_at

Points = NDArray[np.float32]
COUNT = 100_000  # samples in one epoch


@dataclass(frozen=True)
class Mixture:
    """Gaussians of equal weight in the plane, as in their source, and the source's divisor."""

    means: Array  # (modes, 2), before the division
    spread: float  # the standard deviation along each axis, before the division
    divisor: float

    @property
    def centres(self) -> Array:
        """The centres of the modes, (modes, 2)."""
        return self.means / self.divisor

    @property
    def deviation(self) -> float:
        """The standard deviation of the samples around a centre, along each axis."""
        return self.spread / self.divisor

    def around(self, modes: NDArray[np.int64], rng: np.random.Generator) -> Points:
        """One sample around each of the given modes (indices)."""
        noise = self.spread * rng.standard_normal((len(modes), 2))
        return np.asarray((self.means[modes] + noise) / self.divisor, np.float32)


def eight_modes() -> Mixture:
    """Eight Gaussians of deviation 0.02 on a circle of radius 2, all divided by 1.414."""
    angle = 2 * np.pi * np.arange(8) / 8
    means = 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return Mixture(means, spread=0.02, divisor=1.414)


def twenty_five_modes() -> Mixture:
    """Gaussians of deviation 0.05 on a 5×5 grid of spacing 2, all divided by 2.828."""
    places = 2.0 * np.arange(-2, 3)
    means = np.stack(np.meshgrid(places, places, indexing="ij"), axis=-1).reshape(25, 2)
    return Mixture(means, spread=0.05, divisor=2.828)


MIXTURES: dict[str, Callable[[], Mixture]] = {
    "8gaussians": eight_modes,
    "25gaussians": twenty_five_modes,
}


def eight_gaussians(seed: int) -> Points:
    """Samples of `eight_modes`.

    Source: gan_toy.py of caogang's wgan-gp.
    """
    rng = generator_at(seed, "8gaussians")
    return eight_modes().around(rng.integers(8, size=COUNT), rng)


def twenty_five_gaussians(seed: int) -> Points:
    """Samples of `twenty_five_modes`.

    Source: gan_toy.py of caogang's wgan-gp.
    """
    rng = generator_at(seed, "25gaussians")
    column, row = rng.integers(5, size=(COUNT, 2)).T
    return twenty_five_modes().around(5 * column + row, rng)


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
