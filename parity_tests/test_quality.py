"""Measures of generated points and features: closed forms, sizes, and what is refused."""

import math
from hashlib import sha256

import numpy as np
import pytest
import scipy.linalg

from common import UsageError
from common.data import points
from common.parity.bounds import NAMED
from common.parity.measure import require_named
from common.quality import kernel as kernel_module
from common.quality import sliced_wasserstein as sliced_module
from common.quality.frechet import frechet_distance
from common.quality.kernel import kernel_distance
from common.quality.mode_coverage import mode_coverage
from common.quality.moments import compare_numbers
from common.quality.sliced_wasserstein import sliced_wasserstein_distance
from common.streams import generator_at

# SHA-256 of the 100,000 draws of seed 0, taken before their centres became public.
TOYS = {
    "eight_gaussians": "bc12bebb25cd33b85fecfc216ece8b46bda7ca085718653880b856027f29bda1",
    "twenty_five_gaussians": "81d1d07e474c61a58b64ec31fe5f24a289e101f13ef6e2dc32c7e763a71a4ef2",
    "swiss_roll": "52484fe7a594701ce893c9778d4142778987add9650b1ff1721d78e0cfd0351b",
    "gaussian": "7127e5fa6e3e6d544952cc718f7b839bb14af1c6615371980d341fc8f08522dd",
}
DRAWS = {"8gaussians": points.eight_gaussians, "25gaussians": points.twenty_five_gaussians}


def draws(name: str, *shape: int) -> np.ndarray:
    return generator_at(0, "test_quality", name).standard_normal(shape)


def sliced(real, generated, projections: int = 2000, seed: int = 0) -> float:
    rng = generator_at(seed, "directions")
    return sliced_wasserstein_distance(real, generated, projections=projections, rng=rng)


def features_of(mean: np.ndarray, root: np.ndarray, name: str) -> np.ndarray:
    """Fifty features whose sample mean and covariance root·rootᵀ hold to rounding error."""
    centred = draws(name, 50, len(mean))
    basis, _ = np.linalg.qr(centred - centred.mean(axis=0))
    return math.sqrt(49) * basis @ root.T + mean


@pytest.mark.parametrize("toy", TOYS)
def test_the_toys_have_not_moved(toy) -> None:
    found = getattr(points, toy)(0)
    assert sha256(found.tobytes()).hexdigest() == TOYS[toy]


@pytest.mark.parametrize("shift", [0.5, -3.0])
def test_numbers_moved_by_a_shift_are_that_far_off(shift) -> None:
    numbers = draws("numbers", 40, 1)
    require_named(sliced(numbers, numbers + shift), abs(shift), "closed_form", "shift")


def test_a_shift_of_points_counts_once_for_each_coordinate() -> None:
    """The mean of (direction · shift)² is ‖shift‖² / D."""
    cloud, shift = draws("cloud", 60, 6), draws("shift", 6)
    expected = np.linalg.norm(shift) / math.sqrt(6)
    require_named(sliced(cloud, cloud + shift), expected, "sampling", "shift")


def test_gaussians_of_two_widths_are_the_difference_of_their_deviations_apart() -> None:
    wide, narrow = 3 * draws("wide", 4000, 3), draws("narrow", 4000, 3)
    require_named(sliced(wide, narrow, 200), 2, "sampling", "widths")


@pytest.mark.parametrize("times", [2, 3])
def test_sets_of_two_sizes_are_compared_by_their_quantiles(times) -> None:
    first, second = draws("first", 30, 4), draws("second", 20, 4)
    expected = sliced(np.repeat(first, 2, 0), np.repeat(second, 3, 0))
    require_named(sliced(first, second), expected, "linear_algebra", "two sizes")
    require_named(
        sliced(np.repeat(first, times, 0), second), expected, "linear_algebra", "repeated samples"
    )


def test_the_sliced_distance_ignores_order_and_sees_one_sample_less() -> None:
    cloud = draws("cloud", 60, 6)
    require_named(sliced(cloud, cloud[::-1]), 0, "structural_zero", "order")
    assert sliced(cloud, cloud[1:]) > NAMED["sampling"]


def test_the_directions_do_not_depend_on_how_many_fit_into_memory(monkeypatch) -> None:
    first, second = draws("first", 30, 4), draws("second", 20, 4)
    whole = sliced(first, second)
    monkeypatch.setattr(sliced_module, "CHUNK", 210)
    require_named(sliced(first, second), whole, "linear_algebra", "chunks")
    assert sliced(first, second, seed=1) != whole


@pytest.mark.parametrize("toy", DRAWS)
def test_true_draws_cover_every_mode(toy) -> None:
    found = mode_coverage(DRAWS[toy](0)[:5000], points.MIXTURES[toy](), radius=3)
    assert found.covered == found.modes == int(toy.removesuffix("gaussians"))
    require_named(found.high_quality, 1 - math.exp(-4.5), "sampling", "share within three")
    assert found.divergence < NAMED["sampling"]


@pytest.mark.parametrize("toy", DRAWS)
def test_centres_and_deviation_are_those_of_the_draws(toy) -> None:
    mixture, drawn = points.MIXTURES[toy](), DRAWS[toy](0)
    offsets = drawn[:, None] - mixture.centres
    nearest = np.linalg.norm(offsets, axis=2).argmin(axis=1)
    own = offsets[np.arange(len(drawn)), nearest]
    require_named(own.std(axis=0), np.full(2, mixture.deviation), "sampling", "deviation")
    for mode, centre in enumerate(mixture.centres):
        around = drawn[nearest == mode]
        error = mixture.deviation / math.sqrt(len(around))
        off = np.abs(around.mean(axis=0, dtype=np.float64) - centre).max()
        assert off < NAMED["standard_errors"] * error


@pytest.mark.parametrize(("kept", "divergence"), [(8, 0.0), (4, math.log(2)), (1, math.log(8))])
def test_samples_on_the_centres_cover_just_those(kept, divergence) -> None:
    mixture = points.eight_modes()
    found = mode_coverage(np.repeat(mixture.centres[:kept], 5, 0), mixture, radius=3)
    assert (found.covered, found.high_quality) == (kept, 1)
    require_named(found.divergence, divergence, "closed_form", "divergence")


@pytest.mark.parametrize(("distance", "covered"), [(2.9, 8), (3.1, 0)])
def test_a_mode_is_covered_within_its_radius_only(distance, covered) -> None:
    mixture = points.eight_modes()
    samples = mixture.centres + np.array([distance * mixture.deviation, 0])
    found = mode_coverage(samples, mixture, radius=3)
    assert (found.covered, found.high_quality) == (covered, covered / 8)
    require_named(found.divergence, 0, "closed_form", "divergence")


def test_points_spread_over_the_plane_are_of_low_quality() -> None:
    """Modes found by chance do not hide what the share of high-quality samples says."""
    mixture = points.eight_modes()
    spread = generator_at(0, "test_quality", "spread").uniform(-2, 2, (4000, 2))
    area = 8 * math.pi * (3 * mixture.deviation) ** 2 / 16
    found = mode_coverage(spread, mixture, radius=3)
    assert abs(found.high_quality - area) < NAMED["sampling"]
    assert found.high_quality > 0


def test_numbers_are_compared_by_their_moments() -> None:
    numbers = draws("numbers", 400, 1)
    found = compare_numbers(numbers, 2 * numbers + 5)
    expected = {
        "mean_error": numbers.mean() + 5,
        "deviation_error": numbers.std(ddof=1),
        "wasserstein": (numbers + 5).mean(),
    }
    for name, value in expected.items():
        require_named(found[name], value, "linear_algebra", name)


def test_the_frechet_distance_of_two_gaussians_has_its_closed_form() -> None:
    """Diagonal covariances: ‖μ₁ − μ₂‖² + Σ (σ₁ − σ₂)²."""
    mean, other = draws("mean", 5), draws("other mean", 5)
    widths, others = np.abs(draws("widths", 5)), np.abs(draws("other widths", 5))
    first = features_of(mean, np.diag(widths), "first")
    second = features_of(other, np.diag(others), "second")
    expected = np.sum((mean - other) ** 2) + np.sum((widths - others) ** 2)
    require_named(frechet_distance(first, second), expected, "linear_algebra", "diagonal")


def test_the_frechet_distance_is_that_of_the_matrix_square_root() -> None:
    root, other = draws("root", 5, 5), draws("other root", 5, 5)
    mean = draws("mean", 5)
    first, second = features_of(mean, root, "first"), features_of(0 * mean, other, "second")
    product = scipy.linalg.sqrtm(root @ root.T @ other @ other.T)
    expected = mean @ mean + np.sum(root**2) + np.sum(other**2) - 2 * np.trace(product).real
    require_named(frechet_distance(first, second), expected, "linear_algebra", "correlated")


@pytest.mark.parametrize("count", [2, 10, 200])
def test_singular_covariances_cost_no_digits(count) -> None:
    """Fewer samples than features, and features that never move."""
    features = draws("singular", count, 30)
    features[:, 20:] = 1
    require_named(frechet_distance(features, features[::-1]), 0, "structural_zero", "itself")
    require_named(frechet_distance(features, features + 2), 120, "linear_algebra", "moved")


def test_the_kernel_distance_is_the_double_sum_of_its_definition(monkeypatch) -> None:
    first, second = draws("first", 7, 4), draws("second", 5, 4)
    monkeypatch.setattr(kernel_module, "BATCH", 3)

    def mean(some, others, same: bool) -> float:
        return np.mean(
            [
                (x @ y / 4 + 1) ** 3
                for i, x in enumerate(some)
                for j, y in enumerate(others)
                if not (same and i == j)
            ]
        )

    expected = (
        mean(first, first, True) + mean(second, second, True) - 2 * mean(first, second, False)
    )
    require_named(kernel_distance(first, second), expected, "linear_algebra", "kernel distance")


def test_the_kernel_distance_is_unbiased_where_the_frechet_distance_is_not() -> None:
    rng = generator_at(0, "test_quality", "pairs")
    pairs = [rng.standard_normal((2, 12, 6)) for _ in range(400)]
    kernel = np.array([kernel_distance(*pair) for pair in pairs])
    frechet = np.array([frechet_distance(*pair) for pair in pairs])
    error = 1 / math.sqrt(len(pairs))
    assert abs(kernel.mean()) < NAMED["standard_errors"] * error * kernel.std()
    assert frechet.mean() > NAMED["standard_errors"] * error * frechet.std()
    moved = np.array([kernel_distance(first, second + 1) for first, second in pairs])
    assert moved.mean() > NAMED["standard_errors"] * error * moved.std()


@pytest.mark.parametrize("distance", [frechet_distance, kernel_distance, compare_numbers])
def test_one_sample_has_no_covariance(distance) -> None:
    with pytest.raises(UsageError, match="1, too few to measure; pass 2 or more"):
        distance(np.zeros((5, 1)), np.zeros((1, 1)))


@pytest.mark.parametrize(
    ("measure", "words"),
    [
        (lambda: mode_coverage(np.zeros((2, 3)), points.eight_modes(), radius=3), "modes are of"),
        (lambda: compare_numbers(np.zeros((2, 2)), np.zeros((2, 2))), "moments are of single"),
    ],
)
def test_samples_of_another_kind_are_refused(measure, words) -> None:
    with pytest.raises(UsageError, match=words):
        measure()
