"""Images and points from NumPy files: .npy, or one array of an .npz."""

import os
import zlib
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from common import UsageError
from common.data.dataset import Dataset, Samples, fingerprint_of
from common.data.locations import split_location
from common.data.transforms import array_transform, from_bytes
from common.systems import System

Array = NDArray[Any]
CHANNELS = (1, 3)
SHAPES = "(N, H, W), (N, H, W, C) or (N, C, H, W), with C = 1 or 3 and neither H nor W so small"
UNREADABLE = (OSError, ValueError, EOFError, BadZipFile, zlib.error, RuntimeError, MemoryError)


def load(where: str, system: System) -> Dataset:
    """The array of "PATH" or "PATH:KEY": images, or points for the systems that take them.

    Images (N, H, W), (N, H, W, C) or (N, C, H, W) are uint8 from 0 to 255, or floats: if all lie
    in [0, 1], that is taken as their range, else [−1, 1]. Points are (N, 2), numbers (N, 1), of
    any magnitude. Pickled objects are not loaded.

    Raises:
        UsageError: the file cannot be read, or its shape, type or range is not one of these.
    """
    path, key = split_location(where)
    name = f"npz:{where}"
    array = _read(name, Path(path), key)
    if array.size == 0:
        raise UsageError(f"{name}: shape {array.shape} holds nothing; store at least one sample")
    sample = (_images if system.point_dim is None else _points)(name, array, system)
    content = sha256(np.ascontiguousarray(array).data).hexdigest()
    identity = fingerprint_of("npz", array.dtype.str, *array.shape, content)
    return Dataset(name, len(array), sample, identity)


def _read(name: str, path: Path, key: str | None) -> Array:
    # os.path returns False for a name that is too long or unreadable, where pathlib raises.
    if not os.path.isfile(path):
        what = "is a folder" if os.path.isdir(path) else "no such file"
        raise UsageError(f"{name}: {what}; name an .npz or .npy file")
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, NpzFile):
                loaded = loaded[_select_key(name, loaded.files, key)]
            elif key is not None:
                raise UsageError(f"{name}: an .npy file holds one array; leave out :{key}")
    except UNREADABLE as error:
        raise UsageError(
            f"{name}: not a readable .npz or .npy file of numbers ({error}); was it cut short, or "
            "does it hold objects? Write it again with np.savez"
        ) from None
    if not isinstance(loaded, np.ndarray):
        raise UsageError(f"{name}: what it holds is not an array; write it again with np.savez")
    return loaded


def _select_key(name: str, keys: list[str], key: str | None) -> str:
    if key is None and len(keys) == 1:
        return keys[0]
    if key is None or key not in keys:
        listed = ", ".join(keys) or "none"
        wrong = "holds no array of that name" if key else "does not hold just one array"
        raise UsageError(f"{name}: {wrong}; name one as in npz:PATH:KEY, of: {listed}")
    return key


def _points(name: str, array: Array, system: System) -> Callable[[int], Samples]:
    if array.ndim != 2 or array.shape[1] != system.sample_shape[0]:
        raise UsageError(
            f"{name}: shape {array.shape} is not that of {system.name}'s samples; store "
            f"(N, {system.sample_shape[0]})"
        )
    if array.dtype.kind not in "iuf":
        raise UsageError(f"{name}: type {array.dtype} is not one of numbers; store float32")
    with np.errstate(over="ignore"):
        points = array.astype(np.float32)
    if not np.isfinite(points).all():
        raise UsageError(f"{name}: holds a NaN or an infinity (in float32); remove it")
    return lambda index: points[index]


def _images(name: str, array: Array, system: System) -> Callable[[int], Samples]:
    transform = array_transform(system)
    planes, scaled = _channels_first(name, array), _scale(name, array)
    return lambda index: transform(scaled(planes[index].astype(np.float32)))


def _channels_first(name: str, array: Array) -> Array:
    """The array as (N, C, H, W)."""
    if array.ndim == 3:
        return array[:, None]
    if array.ndim == 4:
        first, last = array.shape[1] in CHANNELS, array.shape[3] in CHANNELS
        if first != last:
            return array if first else array.transpose(0, 3, 1, 2)
    raise UsageError(f"{name}: shape {array.shape} is not clearly that of images; store {SHAPES}")


def _scale(name: str, array: Array) -> Callable[[Samples], Samples]:
    """A function that scales the array's numbers to [−1, 1]."""
    if array.dtype == np.uint8:
        return from_bytes
    if not np.issubdtype(array.dtype, np.floating):
        raise UsageError(f"{name}: type {array.dtype} is not one of images; store uint8 or float32")
    low, high = float(array.min()), float(array.max())
    if not np.isfinite([low, high]).all():
        raise UsageError(f"{name}: holds a NaN or an infinity; remove it")
    if low >= 0 and high <= 1:
        return lambda values: 2 * values - 1
    if low >= -1 and high <= 1:
        return lambda values: values
    raise UsageError(
        f"{name}: its numbers lie in [{low:g}, {high:g}]; store uint8 in 0 to 255, or floats in "
        "[0, 1] or [-1, 1]"
    )
