"""The measures for a set of samples, and the one by which checkpoints are ranked."""

from collections.abc import Mapping

import numpy as np

from common.data.points import MIXTURES
from common.quality.digit_balance import CLASSES, digit_balance
from common.quality.digits_features import digits_features
from common.quality.frechet import frechet_distance
from common.quality.kernel import kernel_distance
from common.quality.mode_coverage import mode_coverage
from common.quality.moments import compare_numbers
from common.quality.samples import Values
from common.quality.sliced_wasserstein import sliced_wasserstein_distance

PROJECTIONS = 512
RADIUS = 3.0  # standard deviations around a mode
HIGHER_IS_BETTER = ("modes_covered", "high_quality", "digits_covered")
HEADLINES = ("frechet_digits", "wasserstein", "sliced_wasserstein")


def evaluate(
    samples: Values, dataset_samples: Values, *, data_name: str, rng: np.random.Generator
) -> dict[str, float]:
    """Every measure that applies to the generated samples, against samples of the data set.

    Numbers (N, 1): mean_error, deviation_error and wasserstein. Points (N, 2):
    sliced_wasserstein and, where the data have modes, modes_covered, high_quality and
    mode_divergence. Images (N, C, H, W) in [−1, 1]: sliced_wasserstein and, for grey digits,
    frechet_digits, kernel_digits and digits_covered. `rng` draws the directions of the sliced
    distance; use a generator at the same address for every checkpoint of a run.

    Raises:
        UsageError: fewer than two samples, samples of different shapes, a NaN or an infinity.
    """
    if samples.shape[1:] == (1,):
        return compare_numbers(dataset_samples, samples)
    distance = sliced_wasserstein_distance(
        dataset_samples, samples, projections=PROJECTIONS, rng=rng
    )
    metrics = {"sliced_wasserstein": distance}
    if samples.shape[1:] == (2,) and data_name in MIXTURES:
        metrics |= _modes(samples, data_name)
    if samples.ndim == 4 and samples.shape[1] == 1 and data_name == "digits":
        metrics |= _digits(samples, dataset_samples)
    return metrics


def maximum(name: str, data_name: str) -> int | None:
    """The number of things that a measure counts some of, as in 7 of 8 modes; None if none."""
    match name:
        case "modes_covered":
            return len(MIXTURES[data_name]().centres)
        case "digits_covered":
            return CLASSES
    return None


def headline(metrics: Mapping[str, float]) -> tuple[str, float]:
    """The measure by which the best checkpoint is chosen and its value; lower is better.

    For digits the Fréchet distance, since it compares shapes rather than pixels; for numbers the
    Wasserstein distance; else the sliced Wasserstein distance, which increases with missing modes
    and with outliers.

    Raises:
        KeyError: the metrics contain none of these.
    """
    for name in HEADLINES:
        if name in metrics:
            return name, metrics[name]
    raise KeyError(f"no headline among {sorted(metrics)}; evaluate gives one")


def _modes(samples: Values, data_name: str) -> dict[str, float]:
    coverage = mode_coverage(samples, MIXTURES[data_name](), radius=RADIUS)
    return {
        "modes_covered": float(coverage.covered),
        "high_quality": coverage.high_quality,
        "mode_divergence": coverage.divergence,
    }


def _digits(samples: Values, dataset_samples: Values) -> dict[str, float]:
    real, generated = digits_features(dataset_samples), digits_features(samples)
    return {
        "frechet_digits": frechet_distance(real, generated),
        "kernel_digits": kernel_distance(real, generated),
        "digits_covered": float(digit_balance(samples).covered),
    }
