"""Read and write safetensors files, with a checksum and checks of every tensor."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from common import UsageError
from common.files import write_bytes

Tensors = dict[str, NDArray[Any]]
FLOATS = ("float32", "float64")
CHECKSUM = "sha256"


def read_tensors(path: Path, *, require_checksum: bool = False) -> tuple[Tensors, dict[str, Any]]:
    """All tensors of a file and its metadata, whose values are JSON.

    Raises:
        UsageError: no such file, not a complete safetensors file, a wrong checksum, or, with
            `require_checksum`, none.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            metadata = file.metadata() or {}
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file") from None
    except (SafetensorError, OSError, TypeError, KeyError, AttributeError) as error:
        raise UsageError(
            f"{path}: not a readable safetensors file ({error}); was it cut short? write it again"
        ) from None
    checksum = metadata.pop(CHECKSUM, None)
    if checksum is None and require_checksum:
        raise UsageError(f"{path}: has no checksum; it is not a file that rosetta train wrote")
    if checksum is not None and checksum != _checksum(tensors, metadata):
        raise UsageError(f"{path}: does not match its checksum; it was damaged: take an older one")
    return tensors, {key: _parsed(text) for key, text in metadata.items()}


def write_tensors(path: Path, tensors: Mapping[str, NDArray[Any]], **metadata: Any) -> None:
    """Write the file atomically: a reader sees either the old file or the complete new one.

    Raises:
        UsageError: the folder or the file cannot be written; nothing is left behind.
    """
    contiguous = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    encoded = {key: json.dumps(value) for key, value in metadata.items()}
    checksum = _checksum(contiguous, encoded)
    write_bytes(path, save(contiguous, encoded | {CHECKSUM: checksum}))


def check_tensors(
    path: Path,
    tensors: Mapping[str, NDArray[Any]],
    expected: Mapping[str, Sequence[int]],
    optional: Mapping[str, Sequence[int]] | None = None,
) -> None:
    """Check a file's tensors against the required and optional names and shapes.

    Raises:
        UsageError: names the first tensor that is missing, unknown, of the wrong shape, not float32
            or float64, or not finite.
    """
    known = {**expected, **(optional or {})}
    for name in expected:
        if name not in tensors:
            raise UsageError(f"{path}: tensor {name!r} is missing; its shape is {known[name]}")
    for name, array in tensors.items():
        if name not in known:
            raise UsageError(f"{path}: tensor {name!r} is not one of this system's; remove it")
        if array.dtype.name not in FLOATS:
            raise UsageError(f"{path}: tensor {name!r} is {array.dtype}; store float32 or float64")
        if array.shape != tuple(known[name]):
            raise UsageError(
                f"{path}: tensor {name!r} has shape {array.shape}, not {tuple(known[name])}"
            )
        if not np.isfinite(array).all():
            raise UsageError(f"{path}: tensor {name!r} holds a NaN or an infinity")


def _checksum(tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> str:
    """A hash of the file's metadata, names, types, shapes and values."""
    digest = sha256(json.dumps(sorted(metadata.items())).encode())
    for name, array in sorted(tensors.items()):
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
