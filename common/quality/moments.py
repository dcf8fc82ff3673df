"""Numbers compared by their first two moments and by the cost of moving them."""

from common import UsageError
from common.quality.samples import Values, as_rows


def compare_numbers(real: Values, generated: Values) -> dict[str, float]:
    """Errors of the mean and of the standard deviation, and the distance of two sets of numbers.

    Both are (N, 1). The errors are generated minus real; the Wasserstein distance is of order 1,
    the mean distance that a number has to move.

    Raises:
        UsageError: fewer than two samples, samples of several numbers, a NaN or an infinity.
    """
    from scipy.stats import wasserstein_distance

    first, second = as_rows(real, generated, least=2)
    if first.shape[1] != 1:
        raise UsageError(f"samples of {first.shape[1]} numbers; moments are of single numbers")
    return {
        "mean_error": float(second.mean() - first.mean()),
        "deviation_error": float(second.std(ddof=1) - first.std(ddof=1)),
        "wasserstein": float(wasserstein_distance(first[:, 0], second[:, 0])),
    }
