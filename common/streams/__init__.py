"""Random arrays by address: the same (seed, role, step) gives the same array everywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import DTypeLike, NDArray

Array = NDArray[np.float64]


def generator_at(seed: int, *address: str | int) -> np.random.Generator:
    """A new NumPy generator for one address, independent of all other addresses."""
    text = "/".join(str(part) for part in (seed, *address))
    key = _Key(sha256(text.encode()).digest())
    return np.random.Generator(np.random.Philox(key))  # type: ignore[arg-type]


def draw(distribution: str, rng: np.random.Generator, shape: Sequence[int]) -> Array:
    """An array of "normal" N(0, 1), "uniform" U[0, 1) or "uniform_symmetric" U[-1, 1)."""
    if distribution == "normal":
        return rng.standard_normal(tuple(shape))
    if distribution == "uniform":
        return rng.random(tuple(shape))
    if distribution == "uniform_symmetric":
        return 2 * rng.random(tuple(shape)) - 1
    raise ValueError(f"unknown distribution {distribution!r}")


@dataclass(frozen=True)
class _Key(ISeedSequence):
    """The digest as a seed sequence; NumPy's `key=` would first read entropy from the system."""

    digest: bytes

    def generate_state(self, n_words: int, dtype: DTypeLike = np.uint32) -> NDArray[Any]:
        return np.frombuffer(self.digest, np.dtype(dtype).newbyteorder("<"), n_words)


@dataclass(frozen=True)
class Streams:
    """The random arrays of one run, addressed by role and step, so a run can resume at any step."""

    seed: int

    def noise(self, role: str, step: int, shape: Sequence[int], distribution: str) -> Array:
        """Latent noise for `role` ("discriminator", "generator", "grid") at `step`."""
        return draw(distribution, generator_at(self.seed, "noise", role, step), shape)

    def samples(self, step: int, index: int, shape: Sequence[int]) -> Array:
        """Normal samples from which the synthetic real batch of one update is made."""
        address = ("images", step) if index == 0 else ("images", step, index)
        return draw("normal", generator_at(self.seed, *address), shape)

    def order(self, epoch: int, size: int) -> NDArray[np.int64]:
        """The order of `size` samples in one epoch."""
        return generator_at(self.seed, "order", epoch).permutation(size)
