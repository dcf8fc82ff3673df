"""Data sets that need no network: digits, crops of photographs, noise, points and numbers."""

from collections.abc import Callable

import numpy as np
from PIL import Image

from common.data import points
from common.data.dataset import Dataset, Loader, Samples, fingerprint_of
from common.data.transforms import image_transform, in_range
from common.streams import generator_at
from common.systems import System

PHOTO_CROPS = 4096
NOISE_IMAGES = 1024


def digits(system: System, seed: int) -> Dataset:
    """scikit-learn's 1,797 handwritten digits (8×8, from UCI), resized bilinearly."""
    from sklearn.datasets import load_digits

    pixels = (load_digits().images * (255 / 16)).round().astype(np.uint8)
    transform = image_transform(system)

    def digit(index: int) -> Samples:
        return transform(Image.fromarray(pixels[index]))

    return Dataset("digits", len(pixels), digit, fingerprint_of("digits"))


def photos(system: System, seed: int) -> Dataset:
    """Seeded square crops of scikit-learn's two sample photographs."""
    from sklearn.datasets import load_sample_images

    pictures = [Image.fromarray(picture) for picture in load_sample_images().images]
    transform = image_transform(system)

    def crop(index: int) -> Samples:
        rng = generator_at(seed, "photos", index)
        picture = pictures[rng.integers(len(pictures))]
        side = int(rng.integers(min(picture.size) // 4, min(picture.size) + 1))
        left, top = (int(rng.integers(extent - side + 1)) for extent in picture.size)
        return transform(picture.crop((left, top, left + side, top + side)))

    return Dataset("photos", PHOTO_CROPS, crop, fingerprint_of("photos", seed))


def noise(system: System, seed: int) -> Dataset:
    """Uniform noise, for speed measurements and tests."""
    shape = system.sample_shape

    def image(index: int) -> Samples:
        values = 2 * generator_at(seed, "noise", index).random(shape) - 1
        return in_range(values, system).astype(np.float32)

    return Dataset("noise", NOISE_IMAGES, image, fingerprint_of("noise", seed))


def _distribution(name: str, source: Callable[[int], Samples]) -> Loader:
    """A data set of samples drawn from a distribution."""

    def load(system: System, seed: int) -> Dataset:
        drawn = source(seed)
        identity = fingerprint_of(name, seed)
        return Dataset(
            name, len(drawn), lambda index: drawn[index], identity, batch=lambda some: drawn[some]
        )

    return load


# By the system's `point_dim`.
OFFLINE: dict[int | None, dict[str, Loader]] = {
    None: {"digits": digits, "photos": photos, "noise": noise},
    2: {
        "8gaussians": _distribution("8gaussians", points.eight_gaussians),
        "25gaussians": _distribution("25gaussians", points.twenty_five_gaussians),
        "swissroll": _distribution("swissroll", points.swiss_roll),
        "noise": noise,
    },
    1: {"gaussian": _distribution("gaussian", points.gaussian), "noise": noise},
}
