"""The data sets that need no network."""

import numpy as np
import pytest

from common.data import load_dataset
from common.data.offline import OFFLINE
from common.data.points import eight_modes, twenty_five_modes
from common.parity.bounds import NAMED
from common.parity.measure import Disagreement, require_named
from common.systems import find_system
from common.systems.options import apply_settings


@pytest.mark.parametrize("name", OFFLINE[None])
@pytest.mark.parametrize("channels", [1, 3])
def test_data_sets_have_the_system_s_shape(name, channels) -> None:
    system = apply_settings(find_system("lsgan_jittor"), [f"channels={channels}", "image_size=48"])
    data = load_dataset(name, system, seed=0)
    samples = data.samples([0, 1, data.size - 1])
    assert samples.shape == (3, channels, 48, 48)
    assert samples.dtype == np.float32
    assert samples.min() >= -1
    assert samples.max() <= 1
    assert samples.std() > 0.1
    assert np.array_equal(
        samples, load_dataset(name, system, seed=0).samples([0, 1, data.size - 1])
    )


@pytest.mark.parametrize(
    ("system", "name"),
    [
        (system, name)
        for system in ("wgan_gp_toy", "gan_moments")
        for name in OFFLINE[find_system(system).point_dim]
    ],
)
def test_a_batch_of_points_equals_its_samples(system, name) -> None:
    data = load_dataset(name, find_system(system), seed=0)
    batch = data.samples([5, 0, data.size - 1])
    each = [data.sample(index) for index in (5, 0, data.size - 1)]
    assert batch.dtype == np.float32
    assert np.array_equal(batch, each)


@pytest.mark.parametrize("name", ["8gaussians", "25gaussians", "swissroll"])
def test_points_of_the_toy_lie_in_their_expected_region(name) -> None:
    data = load_dataset(name, find_system("wgan_gp_toy"), seed=0)
    points = data.samples(range(2000))
    assert points.shape == (2000, 2)
    assert np.abs(points).max() < 2.5
    if name == "8gaussians":
        radius = np.linalg.norm(points, axis=1)
        assert abs(radius.mean() - 2 / 1.414) < NAMED["sampling"]


@pytest.mark.parametrize("name", ["digits", "photos", "noise"])
def test_pixels_lie_in_the_range_that_the_generator_emits(name) -> None:
    samples = load_dataset(name, find_system("wgan_gp"), 0).samples([0, 5])
    assert samples.min() >= 0
    assert samples.max() <= 1


def test_mixtures_are_divided_by_the_source_s_rounded_numbers() -> None:
    """gan_toy.py divides by 1.414 and 2.828, not by √2 and 2√2: 1.5e-4 apart."""
    eight, twenty_five = eight_modes(), twenty_five_modes()
    require_named(eight.centres[0], np.array([2 / 1.414, 0]), "linear_algebra", "a centre")
    require_named(twenty_five.centres[0], np.full(2, -4 / 2.828), "linear_algebra", "a centre")
    with pytest.raises(Disagreement):
        require_named(eight.centres[0], np.array([np.sqrt(2), 0]), "linear_algebra", "a centre")
