"""The kernel distance: an unbiased comparison of features that few samples suffice for."""

import numpy as np

from common.quality.samples import Values, as_rows
from common.streams import Array

BATCH = 1024  # rows of the kernel matrix in memory at once


def kernel_distance(real_features: Values, generated_features: Values) -> float:
    """The unbiased squared maximum mean discrepancy of features (N, D) and (M, D).

    The kernel is (x·y/D + 1)³. The mean over draws of one distribution is zero, whatever N and M,
    so single values may be negative.

    Source: Bińkowski et al. 2018, "Demystifying MMD GANs" (the kernel inception distance), here
    over all samples at once instead of over random subsets.

    Raises:
        UsageError: fewer than two samples, features of two widths, a NaN or an infinity.
    """
    real, generated = (
        rows.astype(np.float64) for rows in as_rows(real_features, generated_features, least=2)
    )
    between = _sum(real, generated) / (len(real) * len(generated))
    return _mean_within(real) + _mean_within(generated) - 2 * between


def _mean_within(rows: Array) -> float:
    """The mean of the kernel over pairs of different samples."""
    with_itself = float(((np.square(rows).mean(axis=1) + 1) ** 3).sum())
    return (_sum(rows, rows) - with_itself) / (len(rows) * (len(rows) - 1))


def _sum(first: Array, second: Array) -> float:
    # Training without evaluation needs no scikit-learn.
    from sklearn.metrics.pairwise import polynomial_kernel
    from sklearn.utils import gen_batches

    batches = (first[batch] for batch in gen_batches(len(first), BATCH))
    gamma = 1 / first.shape[1]
    return sum(
        float(polynomial_kernel(rows, second, degree=3, gamma=gamma, coef0=1).sum())
        for rows in batches
    )
