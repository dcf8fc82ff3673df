"""Find how the elements of one array lie in another, from their values or from their shapes."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from common.check.layouts.candidates import MOST_AXES, layouts, other_axes, regroupings, reshapes
from common.check.layouts.patterns import Shape, axis_sizes, groups, sides
from common.check.layouts.placement import Rearrangement, Values
from common.parity.bounds import FACTOR

__all__ = ["KINDS", "Rearrangement", "find", "find_all"]

KINDS = ("layout", "axes", "reshape", "flatten", "flip")
_PROBES = 32  # elements that a candidate must place rightly before all are compared


def find(values: Values, reference: Values, bound: float) -> Rearrangement | None:
    """The simplest rearrangement that makes the values equal to the reference, normwise to `bound`.

    The identity counts. Several that fit are `ambiguous`. Values that are the reference's as they
    are to within FACTOR bounds are a matter of rounding: nothing else is claimed of them, and none
    is found where they miss the bound. None is found for a NaN or an infinity, either.
    """
    if values.size != reference.size:
        return None
    if not values.size:
        return next(iter(find_all(values.shape, reference.shape, ("layout", "axes"))), None)
    return _Search(values, reference, bound).found()


def find_all(
    shape: Shape, reference_shape: Shape, kinds: Sequence[str] = KINDS
) -> list[Rearrangement]:
    """All rearrangements whose shapes fit, simplest first; at most five axes, unless nothing moves.

    Kinds: "layout", as it is and the frameworks' own orders of axes; "axes", all other orders;
    "reshape", axes merged or split; "flatten", other orders of flattened axes; "flip", each of the
    first two with any axes reversed.
    """
    makers = {"layout": layouts, "axes": other_axes, "reshape": reshapes, "flatten": regroupings}
    found = [
        Rearrangement(*made)
        for kind, make in makers.items()
        if kind in kinds
        for made in make(shape, reference_shape)
    ]
    return [*found, *_flipped(found, shape)] if "flip" in kinds else found


class _Search:
    """The search for one array in another, both in float64."""

    def __init__(self, values: Values, reference: Values, bound: float) -> None:
        self.values, self.reference = (np.asarray(a, np.float64) for a in (values, reference))
        self.flat, self.goal = self.values.ravel(), self.reference.ravel()
        self.limit = bound * (float(np.linalg.norm(self.goal)) or 1.0)
        spread = np.linspace(0, self.goal.size - 1, _PROBES).astype(np.int64)
        largest = np.argpartition(np.abs(self.goal), -min(_PROBES, self.goal.size))[-_PROBES:]
        self.probes = np.union1d(spread, largest)

    def found(self) -> Rearrangement | None:
        if not np.isfinite(self.flat).all() or not np.isfinite(self.goal).all():
            return None
        if not self._could_be_equal():
            return None
        candidates = find_all(self.values.shape, self.reference.shape)
        errors = {c: error for c in candidates if (error := self._error(c)) is not None}
        fitting = [c for c, error in errors.items() if error <= self.limit]
        if candidates and candidates[0].is_identity and candidates[0] in errors:
            fitting = fitting[:1] if fitting[:1] == candidates[:1] else []
            return replace(fitting[0], ambiguous=len(errors) > 1) if fitting else None
        if fitting:
            return replace(fitting[0], ambiguous=len(errors) > 1)
        return self._reordered()

    def _could_be_equal(self) -> bool:
        """Whether sums and norms allow it, by the inequalities of Cauchy and Schwarz."""
        sums = abs(float(self.flat.sum() - self.goal.sum()))
        norms = abs(float(np.linalg.norm(self.flat) - np.linalg.norm(self.goal)))
        # The sums round, too: by less than that with pairwise summation.
        rounding = float(np.finfo(np.float64).eps * np.abs(self.goal).sum() * FACTOR)
        root = float(np.sqrt(self.goal.size))
        return sums <= root * self.limit + rounding and norms <= self.limit + rounding

    def _error(self, candidate: Rearrangement) -> float | None:
        """‖arranged − reference‖, or None where it is more than FACTOR bounds."""
        sources = _sources(candidate, self.values.shape, self.probes)
        probed = np.linalg.norm(self.flat[sources] - self.goal[self.probes])
        if probed > FACTOR * self.limit:
            return None
        error = float(np.linalg.norm((candidate.apply(self.values) - self.reference).ravel()))
        return error if error <= FACTOR * self.limit else None

    def _reordered(self) -> Rearrangement | None:
        """Slices in another order: both sides are sorted by one projection of each slice."""
        apart = np.linalg.norm(np.sort(self.flat) - np.sort(self.goal))
        if apart > self.limit:
            return None
        for candidate in find_all(self.values.shape, self.reference.shape, ("layout", "axes")):
            arranged = candidate.apply(self.values)
            for axis in range(arranged.ndim):
                own, goal = (_projected(a, axis) for a in (arranged, self.reference))
                order = np.empty(len(goal), np.int64)
                order[np.argsort(goal, kind="stable")] = np.argsort(own, kind="stable")
                error = np.linalg.norm((np.take(arranged, order, axis) - self.reference).ravel())
                if error <= self.limit:
                    alike = bool((np.diff(np.sort(goal)) <= FACTOR * self.limit).any())
                    order = tuple(order.tolist())
                    return replace(candidate, order=order, axis=axis, ambiguous=alike)
        return None


def _sources(candidate: Rearrangement, shape: Shape, places: Values) -> Values:
    """Where the elements at these flat places of the result come from, as flat places."""
    left, right = ([n for part in groups(s) for n in part] for s in sides(candidate.pattern))
    size = axis_sizes(candidate.pattern, shape, candidate.sizes)
    if not left:
        return np.zeros_like(places)
    indices = np.unravel_index(places, [size[name] for name in right])
    at = dict(zip(right, indices, strict=True))
    for name in candidate.flips:
        at[name] = size[name] - 1 - at[name]
    return np.ravel_multi_index([at[name] for name in left], [size[name] for name in left])


def _flipped(plain: Sequence[Rearrangement], shape: Shape) -> Iterator[Rearrangement]:
    """Each order of axes with every choice of axes reversed that have more than one element."""
    if len(shape) > MOST_AXES:
        return
    whole = [c for c in plain if "(" not in c.pattern and len(groups(sides(c.pattern)[0])) > 0]
    long = [axis for axis, size in enumerate(shape) if size > 1]
    for count in range(1, len(long) + 1):
        for candidate in whole:
            names = [n for part in groups(sides(candidate.pattern)[0]) for n in part]
            if len(names) == len(shape):
                for axes in combinations(long, count):
                    yield replace(candidate, flips=tuple(names[axis] for axis in axes))


def _projected(array: Values, axis: int) -> Values:
    """One number for each slice along the axis: its product with a vector of norm 1."""
    rows = np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1)
    direction = np.cos(np.arange(rows.shape[1], dtype=np.float64) ** 2)
    projected: Values = rows @ (direction / np.linalg.norm(direction))
    return projected
