"""When a relation between two arrays counts as proven."""

from math import prod

import numpy as np

from common.check.hints.evidence import Evidence, Floats
from common.parity.bounds import NAMED


def limit(evidence: Evidence) -> float:
    """What a relation may leave of the array, relative to it."""
    return max(NAMED["relation"], NAMED["relation_noise"] * evidence.noise)


def close(evidence: Evidence, one: float, other: float) -> bool:
    """Whether two numbers are the same to rounding, and nearer than either is to 1."""
    gap = abs(one - other)
    return gap <= limit(evidence) * abs(other) and (
        gap <= NAMED["relation_share"] * abs(other - 1) or other == 1
    )


def agrees(evidence: Evidence, values: Floats, expected: Floats) -> bool:
    """Whether two arrays are the same to rounding, normwise and at every element.

    The bound of an element is that share of the largest.
    """
    if values.shape != expected.shape or not np.isfinite(expected).all():
        return False
    rest, allowed = np.abs(values - expected), limit(evidence)
    largest = np.abs(values).max(initial=0.0)
    return bool(
        np.linalg.norm(rest) <= allowed * np.linalg.norm(values)
        and rest.max(initial=0.0) <= allowed * largest
    )


def explains(evidence: Evidence, expected: Floats) -> bool:
    """Whether `expected` is the port's array, and the reference is not.

    It has to agree to rounding, leave almost nothing of the difference, and do so among the
    smaller differences too: one large element must not speak for all.
    """
    return _accounts_for(evidence, evidence.port, expected)


def reference_is(evidence: Evidence, expected: Floats) -> bool:
    """Whether `expected` is the reference's array, much more closely than the port's is."""
    return _accounts_for(evidence, evidence.exact, expected)


def _accounts_for(evidence: Evidence, values: Floats, expected: Floats) -> bool:
    if not agrees(evidence, values, expected):
        return False
    rest, difference = np.abs(values - expected), np.abs(evidence.port - evidence.exact)
    share = NAMED["relation_share"]
    if not np.linalg.norm(rest) <= share * np.linalg.norm(difference):
        return False
    low = difference <= np.median(difference)
    rounding = evidence.noise * np.abs(values).max(initial=0.0) * np.sqrt(low.sum())
    bound = share * np.linalg.norm(difference[low]) + rounding
    return bool(np.linalg.norm(rest[low]) <= bound)


def informative(evidence: Evidence, unknowns: int) -> bool:
    """Whether enough elements differ by more than noise to determine `unknowns` and test them."""
    difference = np.abs(evidence.port - evidence.exact)
    noise = NAMED["relation_noise"] * evidence.noise * np.abs(evidence.exact).max(initial=0.0)
    return int((difference > noise).sum()) >= unknowns + 2


def varies(evidence: Evidence, values: Floats) -> bool:
    """Whether an array has several values; of one value everything is a multiple."""
    spread = np.ptp(values) if values.size else 0.0
    return bool(spread > NAMED["relation_share"] * np.abs(values).max(initial=0.0))


def multiple(values: Floats, of: Floats) -> float:
    """The factor that takes `of` nearest to `values`; 0 if `of` is zero."""
    square = float(np.vdot(of, of))
    return float(np.vdot(values, of)) / square if square else 0.0


def number(value: float) -> str:
    """A factor as it is read: with its distance from 1 where five digits do not show it."""
    near = value != 1 and f"{value:.5g}" in ("1", "0.99999", "1.0001")
    return f"(1 {'+' if value > 1 else '−'} {abs(value - 1):.3g})" if near else f"{value:.5g}"


def sizes(evidence: Evidence) -> dict[int, str]:
    """Sizes that a sum may have been divided by, each with what it counts, likeliest first."""
    found: dict[int, str] = {}

    def add(size: int, meaning: str) -> None:
        if size > 1:
            found.setdefault(size, meaning)

    batch = [values.shape[0] for values in evidence.inputs.values() if np.ndim(values)]
    if batch:
        add(max(set(batch), key=batch.count), "the size of the batch")
    for name, shape in _shapes(evidence):
        add(prod(shape), f"the number of values of {name}")
        add(prod(shape[1:]), f"the number of values of a sample of {name}")
        add(prod(shape[2:]), f"the number of pixels of {name}")
        add(prod(shape) // shape[1] if len(shape) > 2 else 1, f"the values a channel of {name}")
        add(shape[1] if len(shape) > 1 else 1, f"the number of channels of {name}")
        add(shape[-1] if len(shape) > 1 else 1, f"the last size of {name}")
        add(shape[0] if shape else 1, f"the first size of {name}")
    return found


def _shapes(evidence: Evidence) -> list[tuple[str, tuple[int, ...]]]:
    near = [(name, values.shape) for name, values in evidence.earlier()][:NEAR]
    own = [(evidence.name, evidence.exact.shape)] if evidence.exact.size > 1 else []
    layer = evidence.forward.get(evidence.layer)
    of_layer = [] if layer is None else [(evidence.layer, layer.shape)]
    return [pair for pair in (*own, *of_layer, *near) if prod(pair[1]) > 1]


NEAR = 3
