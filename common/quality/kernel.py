"""The kernel distance: an unbiased comparison of features that few samples suffice for."""

import numpy as np

from common.quality.samples import Values, as_rows
from common.streams import Array

CHUNK = 1024  # rows of the kernel matrix held at once


def kernel_distance(real_features: Values, generated_features: Values) -> float:
    """The unbiased squared maximum mean discrepancy of features (N, D) and (M, D).

    The kernel is (x·y/D + 1)³. The mean over draws of one distribution is zero, whatever N and M,
    so single values may be negative.

    Source: Bińkowski et al. 2018, "Demystifying MMD GANs" (the kernel inception distance), here
    over all samples at once instead of over random subsets.

    Raises:
        UsageError: fewer than two samples, features of two widths, a NaN or an infinity.
    """
    first, second = (
        rows.astype(np.float64) for rows in as_rows(real_features, generated_features, least=2)
    )
    return (
        _mean_within(first)
        + _mean_within(second)
        - 2 * _sum(first, second) / (len(first) * len(second))
    )


def _mean_within(rows: Array) -> float:
    """The mean of the kernel over pairs of different rows."""
    itself = float(_kernel(np.square(rows).sum(axis=1), rows.shape[1]).sum())
    return (_sum(rows, rows) - itself) / (len(rows) * (len(rows) - 1))


def _sum(first: Array, second: Array) -> float:
    total = 0.0
    for start in range(0, len(first), CHUNK):
        products = first[start : start + CHUNK] @ second.T
        total += float(_kernel(products, first.shape[1]).sum())
    return total


def _kernel(products: Array, width: int) -> Array:
    cubes: Array = (products / width + 1) ** 3
    return cubes
