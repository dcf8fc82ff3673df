"""Features from a small classifier, trained on scikit-learn's digits at the first use."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from common import UsageError
from common.quality.samples import Values, check_samples
from common.streams import Array, generator_at

SIDE = 8  # pixels, height and width of scikit-learn's digits
TRAINING_SHARE = 0.8
Labels = NDArray[np.int64]


def digits_features(images: Values) -> Array:
    """The classifier's last hidden layer, (N, 64), for images (N, 1, H, W) in [−1, 1].

    Raises:
        UsageError: no images, more than one channel, a NaN or an infinity.
    """
    network, rows = classifier(), _rows(images)
    # scikit-learn returns predictions only, not the hidden layer; its weights are public.
    for weights, bias in zip(network.coefs_[:-1], network.intercepts_[:-1], strict=True):
        rows = np.maximum(rows @ weights + bias, 0)
    return rows


def digit_probabilities(images: Values) -> Array:
    """The classifier's probabilities of the digits, (N, 10), for images (N, 1, H, W) in [−1, 1].

    Raises:
        UsageError: no images, more than one channel, a NaN or an infinity.
    """
    probabilities: Array = classifier().predict_proba(_rows(images))
    return probabilities


@cache
def classifier() -> Any:
    """scikit-learn's MLP classifier, trained on four fifths of its 8×8 digits, once per process.

    Trained with Adam, so that the figures of two machines can be compared. L-BFGS is as fast and
    as accurate, but a relative change of 1e-13 in the pixels alters its line search and changed the
    Fréchet distances by several per cent; with Adam they changed by 1e-13.
    """
    from sklearn.neural_network import MLPClassifier

    images, labels = _part(training=True)
    network = MLPClassifier(
        hidden_layer_sizes=(64,),
        activation="relu",
        solver="adam",
        alpha=0.1,
        batch_size=200,
        learning_rate_init=3e-3,
        max_iter=400,
        tol=1e-3,
        n_iter_no_change=3,
        random_state=0,
    )
    return network.fit(_rows(images), labels)


def held_out_digits() -> tuple[Values, Labels]:
    """The held-out fifth of the digits: images (N, 1, 8, 8) in [−1, 1], and labels."""
    return _part(training=False)


def _part(*, training: bool) -> tuple[Values, Labels]:
    from sklearn.datasets import load_digits

    digits = load_digits()
    order = generator_at(0, "digits classifier").permutation(len(digits.target))
    cut = round(TRAINING_SHARE * len(order))
    chosen = order[:cut] if training else order[cut:]
    return digits.images[chosen, None] / 8 - 1, digits.target[chosen]


def _rows(images: Values) -> Array:
    """Images of any size reduced to 8×8 pixels by averaging, each image a row."""
    check_samples("images", images, least=1)
    if images.ndim != 4 or images.shape[1] != 1:
        raise UsageError(f"images: shape {images.shape}; the digits are grey, (N, 1, H, W)")
    size, box = (SIDE, SIDE), Image.Resampling.BOX
    planes = (Image.fromarray(plane) for plane in images[:, 0].astype(np.float32))
    return np.stack([np.asarray(p.resize(size, box), np.float64).ravel() for p in planes])
