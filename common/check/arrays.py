"""The weights and the inputs that all ports are given, under shared names, and variants of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from common import UsageError
from common.check.layouts.names import Names
from common.check.sessions import PortError, Session
from common.parity.bounds import CHECK_PERTURBATION

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Given:
    """The weights that models are built from, and the inputs of each step."""

    weights: Arrays
    inputs: Sequence[Arrays]

    def perturbed(self, dtype: str, number: int, *, weights: bool) -> "Given":
        """Floating-point arrays moved by eight rounding errors; the inputs alone if so asked."""
        rng, size = np.random.default_rng([number, 0]), CHECK_PERTURBATION[dtype]
        moved = [_perturbed(rng, inputs, size) for inputs in self.inputs]
        return Given(_perturbed(rng, self.weights, size) if weights else self.weights, moved)

    def written(self, folder: Path, names: Names, dtype: str) -> tuple[str, list[str]]:
        """The files of a port: its own names and layouts, floating-point numbers of one type."""
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / "weights.safetensors"]
        paths += [folder / f"inputs{step}.safetensors" for step in range(1, len(self.inputs) + 1)]
        for path, arrays in zip(paths, (self.weights, *self.inputs), strict=True):
            save_file(dict(_owned(name, a, names, dtype) for name, a in arrays.items()), path)
        return str(paths[0]), [str(path) for path in paths[1:]]


def draw(
    what: str,
    sessions: Sequence[Session],
    names: Mapping[str, Names],
    defines: Mapping[str, Sequence[str]],
    seed: Sequence[int],
    folder: Path,
) -> Arrays:
    """What the first port that defines a function of this name draws, under shared names.

    Raises:
        UsageError: no port defines it.
        PortError: it fails.
    """
    session = next((s for s in sessions if what in defines[s.port.name]), None)
    if session is None:
        files = " nor ".join(str(s.port.path) for s in sessions)
        raise UsageError(
            f"neither {files} defines {what}(rng), which returns a dict of names to arrays; add "
            f"it to one of them, or give a file: --{what} {what}.safetensors"
        )
    path = folder / f"{what}-drawn.safetensors"
    session.ask(do="draw", what=what, seed=list(seed), out=str(path))
    own = names[session.port.name]
    shared = {}
    for name, values in load_file(path).items():
        try:
            key, layout = own.to_shared(name, values.ndim, traced=False)
            shared[key] = layout.apply(values) if layout else values
        except UsageError as error:
            message = f"{session.port.path}: {name!r} of {what}(rng): {error}"
            raise PortError(session.port, message, usage=True) from None
    return shared


def _owned(name: str, values: Any, names: Names, dtype: str) -> tuple[str, NDArray[Any]]:
    own, layout = names.to_own(name, values.ndim)
    try:
        laid_out = layout.undo(values) if layout else values
    except UsageError as error:
        raise UsageError(f"names[{own!r}] with {name!r}: {error}") from None
    typed = laid_out.astype(dtype) if laid_out.dtype.kind == "f" else laid_out
    return own, np.asarray(typed, order="C")


def _perturbed(rng: np.random.Generator, arrays: Mapping[str, NDArray[Any]], size: float) -> Arrays:
    return {
        name: values * (1 + size * rng.standard_normal(values.shape))
        if values.dtype.kind == "f"
        else values
        for name, values in arrays.items()
    }
