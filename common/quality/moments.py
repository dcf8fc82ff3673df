"""Compare numbers by mean, standard deviation and Wasserstein distance."""

from common import UsageError
from common.quality.samples import Values, as_rows


def compare_numbers(real: Values, generated: Values) -> dict[str, float]:
    """The errors of mean and standard deviation, and the Wasserstein distance of two sets.

    Both are (N, 1). The errors are generated minus real; the Wasserstein distance is of order 1.

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
