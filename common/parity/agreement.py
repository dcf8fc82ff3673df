"""Which of several recordings of one tensor agree, and the reference that they make for another."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from common.parity.measure import Values, normwise_error
from common.parity.recording_file import Recording


@dataclass(frozen=True)
class Agreement:
    """The recordings of one tensor that can be compared, and those of them that agree.

    Where two or more groups are equally large, nothing shows which is right: `dispute` names
    them, and there is no reference.
    """

    arrays: Mapping[Recording, Values]  # finite, and of the commonest shape
    agreeing: Sequence[Recording]
    dispute: str = ""

    def value(self, judged: Recording | None = None) -> Values | None:
        """The reference from all that agree; for one recording, from all but itself.

        Each backend counts once, however many of its versions were recorded: it enters as the
        element-wise median of its recordings. The reference is the median of the backends.
        """
        chosen = [r for r in self.agreeing or self.arrays if r is not judged]
        if len({self.arrays[r].shape for r in chosen}) > 1:
            return None
        return _median_of_backends(self.arrays, chosen) if chosen else None


def agree(arrays: Mapping[Recording, Values], bound: float) -> Agreement:
    """Find the recordings that agree within a bound.

    All do, where each is within the bound of the others' reference. Otherwise, the group of a
    recording is all those within the bound of it, and the group with the most backends is right.
    """
    finite = {r: array for r, array in arrays.items() if np.isfinite(array).all()}
    shapes = _commonest(array.shape for array in finite.values())
    if len(shapes) > 1:
        return Agreement(finite, (), _of_shapes(finite))
    usable = {r: array for r, array in finite.items() if array.shape in shapes}
    everybody = Agreement(usable, tuple(usable))
    if len(usable) < 2 or all(_error(everybody, r) <= bound for r in usable):
        return everybody
    groups = {frozenset(s for s in usable if _near(usable, r, s, bound)) for r in usable}
    largest = max(map(_backends, groups))
    winners = [group for group in groups if _backends(group) == largest]
    if len(winners) == 1 and len(winners[0]) > 1:
        return Agreement(usable, tuple(r for r in usable if r in winners[0]))
    return Agreement(usable, (), _dispute(usable))


def _commonest(shapes: Iterable[tuple[int, ...]]) -> set[tuple[int, ...]]:
    """The shape that most have; several, where as many have each."""
    counts = Counter(shapes)
    return {shape for shape, count in counts.items() if count == max(counts.values())}


def _median_of_backends(arrays: Mapping[Recording, Values], chosen: Iterable[Recording]) -> Values:
    by_backend: dict[str, list[Values]] = {}
    for recording in chosen:
        by_backend.setdefault(recording.backend, []).append(arrays[recording])
    medians = [_median(of_one) for of_one in by_backend.values()]
    return _median(medians)


def _median(arrays: Sequence[Values]) -> Values:
    median: Values = arrays[0] if len(arrays) == 1 else np.median(np.stack(arrays), axis=0)
    return median


def _error(everybody: Agreement, recording: Recording) -> float:
    others = everybody.value(recording)
    assert others is not None
    return normwise_error(everybody.arrays[recording], others)


def _near(
    arrays: Mapping[Recording, Values], one: Recording, other: Recording, bound: float
) -> bool:
    return one is other or normwise_error(arrays[one], arrays[other]) <= bound


def _backends(group: Iterable[Recording]) -> int:
    """How many backends a group has: two versions of one count once."""
    return len({recording.backend for recording in group})


def _dispute(arrays: Mapping[Recording, Values]) -> str:
    first, *others = arrays
    apart = max(normwise_error(arrays[other], arrays[first]) for other in others)
    names = " and ".join(map(_name, arrays))
    return f"{names} differ by {apart:.2e}, {_unknown(arrays)}"


def _of_shapes(arrays: Mapping[Recording, Values]) -> str:
    shapes = ", ".join(f"{_name(r)} has shape {array.shape}" for r, array in arrays.items())
    return f"{shapes}, {_unknown(arrays)}"


def _name(recording: Recording) -> str:
    return f"{recording.backend} {recording.version.partition('+')[0]}"


def _unknown(arrays: Mapping[Recording, Values]) -> str:
    remedy = "" if len(arrays) > 2 else ": add a float64 recording of a third backend"
    return f"and which of them is off cannot be known{remedy}"
