"""Convert pictures and arrays of any size and mode to the samples that a system takes."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from common import UsageError
from common.data.dataset import Samples
from common.systems import System

LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as in Pillow's mode L
SIXTEEN_BITS = 65535


def to_8_bit(picture: Image.Image) -> Image.Image:
    """The picture in 8 bits, grey or RGB, rotated by its EXIF tag, transparency blended with white.

    Of several frames the first is used. 16-bit grey is divided by 257, so that white stays white.

    Raises:
        ValueError: its pixels are neither 8-bit nor 16-bit numbers.
    """
    upright = ImageOps.exif_transpose(picture)
    if upright.mode == "F" or upright.mode.startswith("I"):
        return _from_sixteen_bits(upright)
    if upright.has_transparency_data:
        white = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(white, upright.convert("RGBA"))
    return upright.convert("RGB")


def image_transform(system: System) -> Callable[[Image.Image], Samples]:
    """A function that turns an 8-bit picture into a sample (C, H, W) in the system's range.

    It resizes the shorter side to the system's size, bilinearly, and crops the longer one at the
    centre.

    Raises:
        UsageError: the system's images have neither 1 nor 3 channels.
    """
    _check_channels(system)
    mode, size = "L" if system.sample_shape[0] == 1 else "RGB", _size(system)

    def transform(picture: Image.Image) -> Samples:
        resized = ImageOps.fit(picture.convert(mode), size, Image.Resampling.BILINEAR)
        pixels: NDArray[Any] = np.asarray(resized, np.float32)
        planes = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
        return np.ascontiguousarray(in_range(from_bytes(planes), system))

    return transform


def array_transform(system: System) -> Callable[[Samples], Samples]:
    """As `image_transform`, but for float32 arrays (1 or 3, H, W) in [−1, 1].

    Arrays that already have the system's size and channels are not changed.

    Raises:
        UsageError: the system's images have neither 1 nor 3 channels.
    """
    _check_channels(system)
    size = _size(system)

    def transform(planes: Samples) -> Samples:
        pictures = [Image.fromarray(plane) for plane in _in_channels(planes, system)]
        resized = [ImageOps.fit(each, size, Image.Resampling.BILINEAR) for each in pictures]
        return in_range(np.stack([np.asarray(each) for each in resized]), system)

    return transform


def from_bytes(pixels: NDArray[Any]) -> Samples:
    """Pixels from 0 to 255, scaled to [−1, 1]."""
    return np.asarray(pixels, np.float32) / np.float32(127.5) - 1


def in_range(images: NDArray[Any], system: System) -> NDArray[Any]:
    """Images in [−1, 1], scaled to the range of the system's generator."""
    return (images + 1) / 2 if system.networks.pixel_range == "unit" else images


def _from_sixteen_bits(picture: Image.Image) -> Image.Image:
    values = np.asarray(picture)
    if picture.mode == "F" or values.min() < 0 or values.max() > SIXTEEN_BITS:
        raise ValueError("its numbers are not pixels of 8 or 16 bits")
    return Image.fromarray(np.rint(values / (SIXTEEN_BITS / 255)).astype(np.uint8))


def _in_channels(planes: Samples, system: System) -> Samples:
    if len(planes) == system.sample_shape[0]:
        return np.ascontiguousarray(planes)
    if system.sample_shape[0] == 3:
        return np.repeat(planes, 3, axis=0)
    return np.tensordot(LUMA, planes, axes=1)[None]


def _size(system: System) -> tuple[int, int]:
    _, height, width = system.sample_shape
    return width, height


def _check_channels(system: System) -> None:
    if system.sample_shape[0] not in (1, 3):
        raise UsageError(
            f"channels={system.sample_shape[0]}: pictures have 1 or 3; use --data noise"
        )
