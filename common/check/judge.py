"""Which arrays of a port agree with the reference, by what rounding errors do to the reference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import numpy as np

from common.check.outcome import Comparison
from common.check.runs import Key, Run, Values, in_order
from common.parity.bounds import CHECK_FLOOR, FACTOR, NAMED
from common.parity.measure import Disagreement, normwise_error

ZERO = "its gradient is zero but for rounding errors"


@dataclass
class Judge:
    """The reference's arrays, and how far rounding errors move each of them."""

    dtype: str
    reference: Mapping[Key, Values]
    noise: Mapping[Key, float]
    zeros: set[str] = field(default_factory=set)
    leave_out: Sequence[str] = ()  # patterns of names

    def compare(self, port: str, run: Run) -> list[Comparison]:
        """Each of the reference's arrays that the run holds, in order of computation."""
        return [
            self._comparison(port, key, run.arrays[key])
            for key in in_order(self.reference)
            if key in run.arrays and not self.is_left_out(key)
        ]

    def compare_freely(self, port: str, run: Run) -> tuple[list[Comparison], set[Key]]:
        """The comparisons of a run on its own arrays, without the inputs that are returned, too.

        Those are in another layout: they differ, and what their layers make of them does not.
        """
        made = self.compare(port, run)
        ok = {comparison.key: comparison.ok for comparison in made}
        harmless = {key for key in ok if key.is_input and not ok[key] and ok.get(key.output)}
        return [comparison for comparison in made if comparison.key not in harmless], harmless

    def is_left_out(self, key: Key) -> bool:
        """Whether an array is not judged: rounding errors are all it holds, or it is not wanted."""
        zero = key.base in self.zeros and key.phase in ("backward", "update")
        unwanted = any(fnmatchcase(key.name, pattern) for pattern in self.leave_out)
        return zero or unwanted

    def bound(self, key: Key) -> float:
        """How far an array may be from the reference, normwise."""
        return FACTOR * self.noise.get(key, 0.0) + CHECK_FLOOR[self.dtype][key.phase]

    def _comparison(self, port: str, key: Key, values: Values) -> Comparison:
        reference, bound = self.reference[key], self.bound(key)
        if values.size == reference.size == 1:
            values = values.reshape(reference.shape)  # Jittor has no array without axes
        if values.shape != reference.shape:
            reason = f"shape {values.shape}, not {reference.shape}"
            return Comparison(port, self.dtype, key, None, bound, reason)
        if not np.isfinite(values).all():
            count = int((~np.isfinite(values)).sum())
            reason = f"NaN or infinity in {count} of {values.size} elements"
            return Comparison(port, self.dtype, key, None, bound, reason)
        return Comparison(port, self.dtype, key, normwise_error(values, reference), bound)


def reference_of(runs: Mapping[str, Run], named: str | None) -> dict[Key, Values]:
    """The arrays to judge by: the named port's; else medians, or the first port's.

    A median is taken where three ports or more hold finite values of one shape.
    """
    if named:
        return dict(runs[named].arrays)
    keys = dict.fromkeys(key for run in runs.values() for key in run.arrays)
    return {key: _middle([r.arrays[key] for r in runs.values() if key in r.arrays]) for key in keys}


def noise_of(run: Run, perturbed: Sequence[Run]) -> dict[Key, float]:
    """How far the furthest of the perturbed runs is from the run, array by array."""
    return {
        key: max((_moved(other, key, values) for other in perturbed), default=0.0)
        for key, values in run.arrays.items()
    }


def zero_gradients(reference: Mapping[Key, Values]) -> set[str]:
    """The names of gradients that are zero but for rounding errors, as before a batch norm."""
    sizes = {k: float(np.linalg.norm(v)) for k, v in reference.items() if k.phase == "backward"}
    largest: dict[int, float] = {}
    for key, size in sizes.items():
        largest[key.step] = max(size, largest.get(key.step, 0.0))
    limit = NAMED["structural_zero"]
    small = {key.base for key, size in sizes.items() if 0 < size <= limit * largest[key.step]}
    return small - {key.base for key, size in sizes.items() if size > limit * largest[key.step]}


def _middle(arrays: Sequence[Values]) -> Values:
    alike = [a for a in arrays if a.shape == arrays[0].shape and np.isfinite(a).all()]
    middle: Values = np.median(np.stack(alike), axis=0) if len(alike) > 2 else arrays[0]
    return middle


def _moved(run: Run, key: Key, values: Values) -> float:
    try:
        return normwise_error(run.arrays[key], values)
    except (KeyError, Disagreement):
        return 0.0
