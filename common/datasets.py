"""Data sets of images that need no network: real digits, crops of photographs, and noise."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from common import points
from common.catalogue import System
from common.errors import UsageError
from common.streams import generator_at

Images = NDArray[np.float32]
Loader = Callable[[System, int], "Dataset"]
PHOTO_CROPS = 4096
NOISE_IMAGES = 1024


@dataclass(frozen=True)
class Dataset:
    """Samples by index, fitted to a system: images in its range and size, points or numbers."""

    name: str
    size: int
    sample: Callable[[int], Images]  # (C, H, W) or (point_dim,)

    def samples(self, indices: Sequence[int]) -> Images:
        """Those samples as one batch."""
        return np.stack([self.sample(int(index)) for index in indices])


def load_dataset(name: str, system: System, seed: int) -> Dataset:
    """The data set of that name, fitted to the system.

    Raises:
        UsageError: there is no such data set.
    """
    offered = _offered(system)
    if name not in offered:
        raise UsageError(
            f"no data set {name!r} for {system.name}; choose one of: {', '.join(offered)}"
        )
    return offered[name](system, seed)


def _offered(system: System) -> dict[str, Loader]:
    """The data sets whose samples the system's networks take."""
    by_dimension: dict[int | None, dict[str, Loader]] = {None: DATASETS, 2: POINTS, 1: NUMBERS}
    return by_dimension[system.point_dim]


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
    """Uniform noise: for speed and for tests, not for looking at."""
    shape = system.sample_shape

    def image(index: int) -> Images:
        values = 2 * generator_at(seed, "noise", index).random(shape) - 1
        return in_range(values, system).astype(np.float32)

    return Dataset("noise", NOISE_IMAGES, image)


DATASETS: dict[str, Loader] = {
    "digits": digits,
    "photos": photos,
    "noise": noise,
}


def fit(picture: Image.Image, system: System) -> Images:
    """A picture at the system's size and channels, (C, H, W), in its range."""
    if system.channels not in (1, 3):
        raise UsageError(f"channels={system.channels}: pictures have 1 or 3; use --data noise")
    grey = picture.convert("L" if system.channels == 1 else "RGB")
    _, height, width = system.sample_shape
    size = (width, height)
    pixels: NDArray[Any] = np.asarray(grey.resize(size, Image.Resampling.BILINEAR), np.float32)
    planes = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    return np.ascontiguousarray(in_range(planes / np.float32(127.5) - 1, system))


def in_range(images: NDArray[Any], system: System) -> NDArray[Any]:
    """Images in [−1, 1] in the range that the row's generator emits."""
    return (images + 1) / 2 if system.pixel_range == "unit" else images


def _drawn(name: str, source: Callable[[int], Images]) -> Loader:
    """A distribution as a data set of one epoch's worth of its draws."""

    def load(system: System, seed: int) -> Dataset:
        drawn = source(seed)
        return Dataset(name, len(drawn), lambda index: drawn[index])

    return load


POINTS: dict[str, Loader] = {
    "8gaussians": _drawn("8gaussians", points.eight_gaussians),
    "25gaussians": _drawn("25gaussians", points.twenty_five_gaussians),
    "swissroll": _drawn("swissroll", points.swiss_roll),
    "noise": noise,
}
NUMBERS: dict[str, Loader] = {"gaussian": _drawn("gaussian", points.gaussian), "noise": noise}
