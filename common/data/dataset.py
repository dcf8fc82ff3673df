"""A data set: samples by index, and a hash of its content."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from common.systems import System

Samples = NDArray[np.float32]
Loader = Callable[[System, int], "Dataset"]


@dataclass(frozen=True)
class Dataset:
    """Samples by index, fitted to a system: images in its range and size, points or numbers.

    `fingerprint` depends on the content only, not on the system it is fitted to. `decoders`, if
    given, make the samples of a batch in parallel; `batch`, if given, makes them all at once.
    """

    name: str
    size: int
    sample: Callable[[int], Samples]  # (C, H, W) or (point_dim,)
    fingerprint: str
    decoders: Executor | None = None
    batch: Callable[[Sequence[int]], Samples] | None = None

    def samples(self, indices: Sequence[int]) -> Samples:
        """Those samples as one batch, in that order."""
        if self.batch is not None:
            return self.batch(indices)
        each = map if self.decoders is None else self.decoders.map
        return np.stack(list(each(self.sample, map(int, indices))))


def fingerprint_of(*parts: str | int) -> str:
    """A short hash of what identifies a data set, the same on every machine."""
    return sha256(json.dumps(parts).encode()).hexdigest()[:16]
