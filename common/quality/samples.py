"""Check real and generated samples, and flatten each sample to a row of numbers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from common import UsageError

Values = NDArray[Any]
Rows = NDArray[Any]  # (N, numbers per sample), float32 or float64


def as_rows(real: Values, generated: Values, *, least: int) -> tuple[Rows, Rows]:
    """Both sets as rows of the same floating-point type, (N, numbers per sample) and (M, …).

    Raises:
        UsageError: fewer than `least` samples, samples of different shapes, a NaN or an infinity.
    """
    check_pair(real, generated, least=least)
    kind = np.result_type(real, generated, np.float32)
    # For non-contiguous arrays NumPy does not use BLAS, and matrix products are ten times slower.
    first, second = (
        np.ascontiguousarray(values.reshape(len(values), -1), kind) for values in (real, generated)
    )
    return first, second


def check_pair(real: Values, generated: Values, *, least: int) -> None:
    """Check two sets of samples, (N, …) and (M, …), against the requirements of every measure.

    Raises:
        UsageError: fewer than `least` samples, samples of different shapes, a NaN or an infinity.
    """
    for name, values in (("real samples", real), ("generated samples", generated)):
        check_samples(name, values, least=least)
    if real.shape[1:] != generated.shape[1:]:
        raise UsageError(
            f"generated samples: shape {generated.shape[1:]} each, the real ones {real.shape[1:]}; "
            "compare samples of one shape"
        )


def check_samples(name: str, values: Values, *, least: int) -> None:
    """Check one set of samples, (N, …), against the requirements of every measure.

    Raises:
        UsageError: fewer than `least` samples, no numbers in a sample, a NaN or an infinity.
    """
    if values.ndim < 2 or 0 in values.shape[1:]:
        raise UsageError(f"{name}: shape {values.shape}; pass an array (samples, …)")
    if len(values) < least:
        raise UsageError(f"{name}: {len(values)}, too few to measure; pass {least} or more")
    if not np.isfinite(values).all():
        raise UsageError(f"{name}: hold a NaN or an infinity; take an earlier checkpoint")
