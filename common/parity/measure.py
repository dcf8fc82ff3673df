"""How far a tensor is from its reference, and the one verdict on it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.parity.bounds import NAMED

Values = NDArray[Any]


class Disagreement(AssertionError):
    """Two tensors that should agree do not; the message says which and by how much."""


def normwise_error(values: Values, reference: Values) -> float:
    """‖values − reference‖ / ‖reference‖ in float64; ‖values‖ where the reference is zero.

    Raises:
        Disagreement: the shapes differ, or either holds a NaN or an infinity.
    """
    if values.shape != reference.shape:
        raise Disagreement(f"shape {values.shape}, not {reference.shape}")
    for side, array in (("values", values), ("reference", reference)):
        if not np.isfinite(array).all():
            raise Disagreement(f"NaN or infinity in the {side}")
    exact = reference.astype(np.float64)
    difference = float(np.linalg.norm((values.astype(np.float64) - exact).ravel()))
    scale = float(np.linalg.norm(exact.ravel()))
    return difference / scale if scale else difference


def require(values: Values, reference: Values, bound: float, what: str) -> float:
    """The normwise error, once it is known to be within the bound.

    Raises:
        Disagreement: it is not, or the tensors cannot be compared.
    """
    try:
        error = normwise_error(values, reference)
    except Disagreement as reason:
        raise Disagreement(f"{what}: {reason}") from None
    if not error <= bound:
        raise Disagreement(f"{what}: error {error:.3g} exceeds {bound:.3g}")
    return error


def require_named(values: Values, reference: Values, bound: str, what: str) -> float:
    """`require` with a bound named in the table of common.parity.bounds."""
    return require(np.asarray(values), np.asarray(reference), NAMED[bound], what)


def ulps(values: Values, reference: Values) -> float:
    """The largest distance in units of the values' last place, shown and never judged."""
    spacing = np.spacing(np.abs(reference.astype(values.dtype)))
    distance = np.abs(values.astype(np.float64) - reference.astype(np.float64))
    return float(np.max(distance / spacing, initial=0.0))
