"""Evidence made from formulas, for the tests of common.check.hints."""

from typing import Any

import numpy as np

from common.check.hints import Evidence, Hint, look

NOISE = 2.0**-46
ROUNDING = 2.0**-52  # at most, and the same for equal numbers


def rng(seed: int = 0) -> np.random.Generator:
    """A generator for one case."""
    return np.random.default_rng(seed)


def evidence(phase: str, name: str, values: Any, reference: Any, **known: Any) -> Evidence:
    """Evidence of a float64 run at step 1."""
    return Evidence(
        **{"step": 1, "noise": NOISE, "double": True}
        | {"phase": phase, "name": name, "values": np.asarray(values)}
        | {"reference": np.asarray(reference)}
        | known
    )


def hint(phase: str, name: str, values: Any, reference: Any, **known: Any) -> Hint:
    """The hint, which there has to be, with other rounding too; and none once some do not fit.

    Every third element is moved by a hundredth of the difference, or of the array, at random.
    """
    found = look(evidence(phase, name, values, reference, **known))
    assert found is not None
    assert found.words
    assert found.remedy.endswith(".")
    rounded = np.asarray(values) * (1 + ROUNDING * np.cos(1000 * np.asarray(values)))
    again = look(evidence(phase, name, rounded, reference, **known))
    assert again is not None
    assert again.row == found.row, again
    spoilt = look(evidence(phase, name, spoil(values, reference), reference, **known))
    assert spoilt is None, spoilt
    return found


def spoil(values: Any, reference: Any, share: float = 0.01) -> np.ndarray:
    """The port's array with every third element moved, at random, by a share of its difference."""
    port = np.asarray(values).astype(np.float64).copy()
    moved = port.reshape(-1)
    apart = np.abs(port - reference).reshape(-1) if port.shape == np.shape(reference) else moved
    size = np.abs(apart).max()
    moved[::3] += share * size * rng(99).uniform(1, 2, moved[::3].shape)
    return port


def sums(values: np.ndarray) -> tuple[int, ...]:
    """All axes but the channels'."""
    return (0, *range(2, values.ndim))
