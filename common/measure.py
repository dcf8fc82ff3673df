"""How far a tensor is from its reference, and the one verdict on it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.bounds import NAMED

Values = NDArray[Any]


class Disagreement(AssertionError):
    """Two tensors that should agree do not; the message says which and by how much."""


def normwise_error(found: Values, truth: Values) -> float:
    """‖found − truth‖ / ‖truth‖ in float64; the plain norm of `found` where the truth is zero.

    Raises:
        Disagreement: the shapes differ, or either holds a NaN or an infinity.
    """
    if found.shape != truth.shape:
        raise Disagreement(f"shape {found.shape}, not {truth.shape}")
    for side, values in (("found", found), ("truth", truth)):
        if not np.isfinite(values).all():
            raise Disagreement(f"NaN or infinity in the {side} values")
    reference = truth.astype(np.float64)
    difference = float(np.linalg.norm((found.astype(np.float64) - reference).ravel()))
    scale = float(np.linalg.norm(reference.ravel()))
    return difference / scale if scale else difference


def require(found: Values, truth: Values, bound: float, what: str) -> float:
    """The normwise error, once it is known to be within the bound.

    Raises:
        Disagreement: it is not, or the tensors cannot be compared.
    """
    try:
        error = normwise_error(found, truth)
    except Disagreement as reason:
        raise Disagreement(f"{what}: {reason}") from None
    if not error <= bound:
        raise Disagreement(f"{what}: error {error:.3g} exceeds {bound:.3g}")
    return error


def require_named(found: Values, truth: Values, bound: str, what: str) -> float:
    """`require` with a bound named in the table of common.bounds."""
    return require(np.asarray(found), np.asarray(truth), NAMED[bound], what)


def ulps(found: Values, truth: Values) -> float:
    """The largest distance in units of the found type's last place, shown and never judged."""
    spacing = np.spacing(np.abs(truth.astype(found.dtype)))
    distance = np.abs(found.astype(np.float64) - truth.astype(np.float64))
    return float(np.max(distance / spacing, initial=0.0))
