"""Time two functions alternately in one process, so that a busy machine slows down both."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from math import ceil
from time import perf_counter

import numpy as np

Work = Callable[[int], object]  # does the n-th piece of work
Wait = Callable[[], None]  # returns when all pending computation has finished


@dataclass(frozen=True)
class Paired:
    """The seconds per piece of work of both, pair by pair."""

    ours: tuple[float, ...]
    plain: tuple[float, ...]

    @property
    def ratios(self) -> tuple[float, float, float]:
        """Ours over plain: lower quartile, median and upper quartile; below 1, ours is faster."""
        quartiles = np.quantile(np.divide(self.ours, self.plain), (0.25, 0.5, 0.75))
        return float(quartiles[0]), float(quartiles[1]), float(quartiles[2])


def time_in_turns(
    ours: Work, plain: Work, *, pairs: int, seconds: float, wait: Wait = lambda: None
) -> Paired:
    """Time both in `pairs` pairs of blocks of about `seconds` seconds, in alternating order.

    Both run twice beforehand, so that compiling, tracing and caching are not timed. Each block ends
    with `wait`, so that pending computation of one is not counted for the other.
    """
    works, numbers = (ours, plain), count()

    def timed(work: Work, pieces: int) -> float:
        began = perf_counter()
        for _ in range(pieces):
            work(next(numbers))
        wait()
        return (perf_counter() - began) / pieces

    for work in works * 2:
        timed(work, 1)
    pieces = max(1, ceil(seconds / max(timed(work, 1) for work in works)))
    timings: tuple[list[float], list[float]] = ([], [])
    for pair in range(pairs):
        for which in (0, 1) if pair % 2 == 0 else (1, 0):
            timings[which].append(timed(works[which], pieces))
    return Paired(tuple(timings[0]), tuple(timings[1]))
