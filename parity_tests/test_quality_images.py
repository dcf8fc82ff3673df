"""Measures of generated images, and those that suit each kind of data."""

import math

import numpy as np
import pytest
from PIL import Image

from common import UsageError
from common.data import load_dataset
from common.parity.bounds import NAMED
from common.parity.measure import require_named
from common.quality.digit_balance import digit_balance
from common.quality.digits_features import (
    classifier,
    digit_probabilities,
    digits_features,
    held_out_digits,
)
from common.quality.evaluation import evaluate, headline
from common.quality.inception import inception_distances
from common.streams import generator_at
from common.systems import find_system

KINDS = {
    "8gaussians": ("wgan_gp_toy", "sliced_wasserstein"),
    "swissroll": ("wgan_gp_toy", "sliced_wasserstein"),
    "gaussian": ("gan_moments", "wasserstein"),
    "digits": ("dcgan_mnist", "frechet_digits"),
    "photos": ("sngan", "sliced_wasserstein"),
}
METRICS = {
    "8gaussians": {"sliced_wasserstein", "modes_covered", "high_quality", "mode_divergence"},
    "swissroll": {"sliced_wasserstein"},
    "gaussian": {"mean_error", "deviation_error", "wasserstein"},
    "digits": {"sliced_wasserstein", "frechet_digits", "kernel_digits", "digits_covered"},
    "photos": {"sliced_wasserstein"},
}


def samples_of(data: str, seed: int, count: int) -> np.ndarray:
    dataset = load_dataset(data, find_system(KINDS[data][0]), seed)
    return dataset.samples(range(count)) if data != "digits" else shuffled(dataset)[:count]


def shuffled(dataset) -> np.ndarray:
    return dataset.samples(generator_at(0, "test_quality", "order").permutation(dataset.size))


def test_the_classifier_reads_digits_that_it_has_not_seen() -> None:
    images, digits = held_out_digits()
    assert (len(digits), images.min(), images.max()) == (359, -1, 1)
    assert (digit_probabilities(images).argmax(axis=1) == digits).mean() > NAMED["digits_read"]
    assert (digit_probabilities(-images).argmax(axis=1) == digits).mean() < NAMED["digits_read"]


@pytest.mark.parametrize("size", [28, 32, 64])
def test_the_classifier_reads_digits_enlarged_as_the_data_set_has_them(size) -> None:
    images, digits = held_out_digits()
    pictures = [Image.fromarray(image[0].astype(np.float32)) for image in images]
    enlarged = [picture.resize((size, size), Image.Resampling.BILINEAR) for picture in pictures]
    found = digit_probabilities(np.stack(enlarged)[:, None]).argmax(axis=1)
    assert (found == digits).mean() > NAMED["digits_read"]


def test_the_features_are_what_scikit_learn_predicts_from() -> None:
    images, _ = held_out_digits()
    found, network = digits_features(images), classifier()
    assert found.shape == (359, 64)
    scores = np.exp(found @ network.coefs_[-1] + network.intercepts_[-1])
    expected = scores / scores.sum(axis=1, keepdims=True)
    require_named(digit_probabilities(images), expected, "linear_algebra", "probabilities")


def test_the_classifier_is_the_same_again() -> None:
    images, _ = held_out_digits()
    before = digits_features(images)
    classifier.cache_clear()
    assert np.array_equal(digits_features(images), before)


def test_distances_of_digits_grow_with_the_noise() -> None:
    images = shuffled(load_dataset("digits", find_system("dcgan_mnist"), 0))
    real, held_out = images[:900], images[900:]
    noise = generator_at(0, "test_quality", "noise").standard_normal(held_out.shape)
    worse = [held_out, *(np.clip(held_out + much * noise, -1, 1) for much in (0.2, 0.5, 2))]
    found = [
        evaluate(each, real, data_name="digits", rng=generator_at(0, "directions"))
        for each in [*worse, np.sign(noise)]
    ]
    for name in ("sliced_wasserstein", "frechet_digits", "kernel_digits"):
        values = [metrics[name] for metrics in found]
        assert values == sorted(set(values)), name


def test_the_digits_that_are_missing_are_not_covered() -> None:
    images, digits = held_out_digits()
    everything, low = digit_balance(images), digit_balance(images[digits < 5])
    single = digit_balance(np.repeat(images[:1], 20, 0))
    assert (everything.covered, single.covered) == (10, 1)
    assert sum(low.shares[:5]) > NAMED["digits_read"]
    assert single.entropy == 0
    assert abs(everything.entropy - math.log(10)) < NAMED["sampling"]
    assert single.entropy < low.entropy < everything.entropy
    blurred = digit_balance(np.full_like(images, images.mean()))
    assert blurred.confidence < everything.confidence
    assert blurred.covered == 1


@pytest.mark.parametrize("data", KINDS)
def test_each_kind_of_data_has_its_measures_and_a_headline(data) -> None:
    real, generated = samples_of(data, 0, 60), samples_of(data, 1, 120)[60:]
    found = evaluate(generated, real, data_name=data, rng=generator_at(0, "directions"))
    assert set(found) == METRICS[data]
    assert np.isfinite(list(found.values())).all()
    again = evaluate(generated, real, data_name=data, rng=generator_at(0, "directions"))
    assert found == again
    name, value = headline(found)
    assert name == KINDS[data][1]
    worse = evaluate(generated + 1, real, data_name=data, rng=generator_at(0, "directions"))
    assert headline(worse)[1] > value == found[name]


def test_other_directions_give_another_figure() -> None:
    real, generated = samples_of("swissroll", 0, 60), samples_of("swissroll", 1, 60)
    found = [
        evaluate(generated, real, data_name="swissroll", rng=generator_at(seed, "directions"))
        for seed in (0, 1)
    ]
    assert found[0] != found[1]


def test_measures_without_a_headline_are_refused() -> None:
    with pytest.raises(KeyError, match="no headline"):
        headline({"modes_covered": 8.0})


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (np.zeros((0, 2)), "0, too few to measure; pass 1 or more"),
        (np.zeros((5, 3)), r"shape \(3,\) each, the real ones \(2,\)"),
        (np.full((5, 2), np.nan), "generated samples: hold a NaN"),
        (np.zeros(5), "pass an array"),
        (np.zeros((5, 0)), "pass an array"),
    ],
)
def test_samples_that_cannot_be_measured_are_refused(samples, words) -> None:
    with pytest.raises(UsageError, match=words):
        evaluate(samples, np.zeros((5, 2)), data_name="8gaussians", rng=generator_at(0))


def test_digits_in_colour_are_refused() -> None:
    with pytest.raises(UsageError, match=r"the digits are grey, \(N, 1, H, W\)"):
        digits_features(np.zeros((2, 3, 8, 8)))


PICTURES = np.zeros((3, 1, 8, 8), np.uint8)
STAND_IN = """
from pathlib import Path
from PIL import Image

def calculate_metrics(*, input1, input2, fid, kid, kid_subset_size, cuda, **rest):
    brightness = []
    for folder in (input1, input2):
        files = sorted(Path(folder).glob("*.png"))
        pixels = [Image.open(file).convert("RGB").getpixel((0, 0))[0] for file in files]
        brightness.append(sum(pixels) / len(pixels))
    if cuda:
        raise OSError("<urlopen error no network>")
    return {"frechet_inception_distance": brightness[0] - brightness[1],
            "kernel_inception_distance_mean": kid_subset_size,
            "kernel_inception_distance_std": 0.0}
"""


@pytest.fixture
def stand_in(tmp_path, monkeypatch) -> None:
    """A module in torch-fidelity's place that measures brightness."""
    (tmp_path / "torch_fidelity.py").write_text(STAND_IN)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


@pytest.mark.parametrize("channels", [1, 3])
def test_inception_takes_the_images_in_their_order(stand_in, channels) -> None:
    bright = np.full((2, channels, 8, 8), 7, np.uint8)
    found = inception_distances(np.zeros((3, channels, 8, 8), np.uint8), bright, device="cpu")
    assert found == {"fid": 7.0, "kid": 2.0}


def test_inception_without_its_weights_says_what_to_do(stand_in) -> None:
    with pytest.raises(UsageError, match=r"no network>; if it cannot download its weights, fetch"):
        inception_distances(PICTURES, PICTURES, device="cuda")


def test_inception_without_torch_fidelity_says_how_to_install_it(monkeypatch) -> None:
    monkeypatch.setattr("common.quality.inception.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"torch-fidelity is not installed; .*\[fid\]"):
        inception_distances(PICTURES, PICTURES, device="cpu")


@pytest.mark.parametrize("images", [PICTURES.astype(np.float32), PICTURES[:, 0], PICTURES[:1]])
def test_inception_takes_eight_bit_images_only(images) -> None:
    with pytest.raises(UsageError, match=r"pass uint8|pass 2 or more"):
        inception_distances(images, PICTURES, device="cpu")
