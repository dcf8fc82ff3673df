"""Data sets that need no network: real digits, crops of real photographs, and noise."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from common.catalogue import System
from common.errors import UsageError
from common.streams import generator_at

Images = NDArray[np.float32]
PHOTO_CROPS = 4096
NOISE_IMAGES = 1024


@dataclass(frozen=True)
class Dataset:
    """Images by index, scaled to [−1, 1] and to a system's size and channels."""

    name: str
    size: int
    image: Callable[[int], Images]  # (C, H, W)

    def images(self, indices: Sequence[int]) -> Images:
        """Those images as one batch (N, C, H, W)."""
        return np.stack([self.image(int(index)) for index in indices])


def load_dataset(name: str, system: System, seed: int) -> Dataset:
    """The data set of that name, fitted to the system.

    Raises:
        UsageError: there is no such data set.
    """
    if name not in DATASETS:
        raise UsageError(f"unknown data set {name!r}; choose one of: {', '.join(DATASETS)}")
    return DATASETS[name](system, seed)


def digits(system: System, seed: int) -> Dataset:
    """scikit-learn's 1,797 handwritten digits (8×8, from UCI), resized bilinearly."""
    from sklearn.datasets import load_digits

    pixels = (load_digits().images * (255 / 16)).round().astype(np.uint8)
    return Dataset("digits", len(pixels), lambda i: fit(Image.fromarray(pixels[i]), system))


def photos(system: System, seed: int) -> Dataset:
    """Seeded square crops of scikit-learn's two sample photographs."""
    from sklearn.datasets import load_sample_images

    pictures = [Image.fromarray(picture) for picture in load_sample_images().images]

    def crop(index: int) -> Images:
        rng = generator_at(seed, "photos", index)
        picture = pictures[rng.integers(len(pictures))]
        side = int(rng.integers(min(picture.size) // 4, min(picture.size) + 1))
        left, top = (int(rng.integers(extent - side + 1)) for extent in picture.size)
        return fit(picture.crop((left, top, left + side, top + side)), system)

    return Dataset("photos", PHOTO_CROPS, crop)


def noise(system: System, seed: int) -> Dataset:
    """Uniform noise in [−1, 1): for speed and for tests, not for looking at."""
    shape = (system.channels, system.image_size, system.image_size)

    def image(index: int) -> Images:
        return (2 * generator_at(seed, "noise", index).random(shape) - 1).astype(np.float32)

    return Dataset("noise", NOISE_IMAGES, image)


DATASETS: dict[str, Callable[[System, int], Dataset]] = {
    "digits": digits,
    "photos": photos,
    "noise": noise,
}


def fit(picture: Image.Image, system: System) -> Images:
    """A picture at the system's size and channels, (C, H, W) in [−1, 1]."""
    if system.channels not in (1, 3):
        raise UsageError(f"channels={system.channels}: pictures have 1 or 3; use --data noise")
    grey = picture.convert("L" if system.channels == 1 else "RGB")
    size = (system.image_size, system.image_size)
    pixels: NDArray[Any] = np.asarray(grey.resize(size, Image.Resampling.BILINEAR), np.float32)
    planes = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    return np.ascontiguousarray(planes / np.float32(127.5) - 1)
