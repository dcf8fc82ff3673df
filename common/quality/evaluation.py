"""The measures that suit a set of samples, and the one that ranks checkpoints."""

from collections.abc import Mapping

import numpy as np

from common.data.points import MIXTURES
from common.quality.digit_balance import digit_balance
from common.quality.digits_features import digits_features
from common.quality.frechet import frechet_distance
from common.quality.kernel import kernel_distance
from common.quality.mode_coverage import mode_coverage
from common.quality.moments import compare_numbers
from common.quality.samples import Values
from common.quality.sliced_wasserstein import sliced_wasserstein_distance

PROJECTIONS = 512
RADIUS = 3.0  # standard deviations around a mode
HEADLINES = ("frechet_digits", "wasserstein", "sliced_wasserstein")


def evaluate(
    samples: Values, dataset_samples: Values, *, data_name: str, rng: np.random.Generator
) -> dict[str, float]:
    """Every measure that suits the generated samples, compared with samples of the data set.

    Numbers (N, 1): mean_error, deviation_error and wasserstein. Points (N, 2):
    sliced_wasserstein and, where the data have modes, modes_covered, high_quality and
    mode_divergence. Images (N, C, H, W) in [−1, 1]: sliced_wasserstein and, of digits in grey,
    frechet_digits, kernel_digits and digits_covered. `rng` draws the directions of the sliced
    distance; give every checkpoint of a run one at the same address.

    Raises:
        UsageError: fewer than two samples, samples of two shapes, a NaN or an infinity.
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


def headline(metrics: Mapping[str, float]) -> tuple[str, float]:
    """The measure by which the best checkpoint is chosen and its value; lower is better.

    The Fréchet distance for digits, since it sees shapes where the sliced distance sees pixels;
    the Wasserstein distance for numbers; else the sliced Wasserstein distance, which missing
    modes and stray samples both raise.

    Raises:
        KeyError: there is none among the metrics.
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
