"""What a data set is: samples by index, and a hash that tells it from others."""

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

    `fingerprint` is the same only for the same content, whatever system it is fitted to. Where
    there are `decoders`, they make the samples of a batch at the same time; where there is
    `batch`, it takes them all at once.
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
    """A short hash of what makes a data set the one it is, equal on every machine."""
    return sha256(json.dumps(parts).encode()).hexdigest()[:16]
