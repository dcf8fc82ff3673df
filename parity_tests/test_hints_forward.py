"""Hints on outputs of layers: activations, placement, channels, factors."""

from math import sqrt

import numpy as np
import pytest
from hinting import evidence, hint, rng

from common.check.hints import functions, look
from common.check.hints.convolutions import correlate

X = 2 * rng(1).standard_normal((4, 3, 6, 5))


def leaky(values, slope):
    return np.where(values > 0, values, slope * values)


def test_slopes_are_read_off_the_input() -> None:
    found = hint("forward", "act", leaky(X, 0.3), leaky(X, 0.17), forward={"conv": X})
    assert (found.row, "0.3 of conv" in found.words) == ("leaky-relu-slope", True)
    assert "slope 0.17" in found.words


def test_a_slope_rounded_to_float32_is_tensorflow_s() -> None:
    port = leaky(X, float(np.float32(0.2)))
    known = {"forward": {"conv": X}}
    assert hint("forward", "act", port, leaky(X, 0.2), **known).row == ""
    found = hint("forward", "act", port, leaky(X, 0.2), framework="tf", **known)
    assert found.row == "tf-slope-float32"


def test_slopes_without_the_input_are_named_where_their_ratio_is_telling() -> None:
    found = hint("forward", "act", leaky(X, 0.3), leaky(X, 0.01))
    assert (found.row, "0.3 and 0.01" in found.words) == ("leaky-relu-slope", True)
    other = hint("forward", "act", leaky(X, 0.4), leaky(X, 0.1))
    assert (other.row, "4 times" in other.words) == ("", True)
    low = np.where(X > 0, X, np.expm1(X))
    assert hint("forward", "act", np.where(X > 0, X, 2 * low), low).row == ""


def test_relu_against_leaky_relu_either_way() -> None:
    assert "ReLU" in hint("forward", "act", leaky(X, 0), leaky(X, 0.2)).words
    assert "no ReLU" in look(evidence("forward", "act", leaky(X, 0.2), leaky(X, 0))).words


FUNCTIONS = dict(functions.activations(X))


@pytest.mark.parametrize("reference", FUNCTIONS)
@pytest.mark.parametrize("port", ["GELU, exact", "GELU, by tanh", "ReLU", "softmax over axis 1"])
def test_two_functions_of_one_input_are_both_named(port, reference) -> None:
    if port == reference:
        assert look(evidence("forward", "act", FUNCTIONS[port], FUNCTIONS[port])) is None
        return
    arrays = FUNCTIONS[port], FUNCTIONS[reference]
    found = look(evidence("forward", "act", *arrays, forward={"conv": X}))
    assert found.words == f"{port} of conv, where the reference has {reference}"


def test_softplus_turns_linear_at_twenty() -> None:
    x = np.linspace(-5, 26, 60).reshape(3, 20)
    outputs = dict(functions.activations(x))
    arrays = outputs["softplus, linear above 20"], outputs["softplus"]
    assert look(evidence("forward", "a", *arrays, forward={"l": x})).row == "softplus-threshold"


def test_a_bound_is_named() -> None:
    assert "no further than 1.5" in hint("forward", "a", X.clip(None, 1.5), X).words
    assert "the reference" in look(evidence("forward", "a", X, X.clip(-2, 2))).words


KERNEL = rng(2).standard_normal((4, 3, 5, 5))
BIAS = rng(3).standard_normal(4)


def padded(before, after, kernel=KERNEL, stride=2, size=8):
    images = rng(4).standard_normal((2, 3, size, size))
    full = correlate(images, kernel)
    first, last = 4 - before, full.shape[2] - (4 - after)
    return images, full[:, :, first:last:stride, first:last:stride] + BIAS[:, None, None]


def test_same_padding_of_a_strided_convolution() -> None:
    images, reference = padded(2, 2)
    _, port = padded(1, 2)
    known = {"weights": {"weight": KERNEL, "bias": BIAS}, "inputs": {"x": images}}
    found = hint("forward", "conv", port, reference, **known)
    assert found.row == "same-padding"
    assert (
        "(1, 1) rows and columns before the first, where the reference pads (2, 2)" in found.words
    )
    _, turned = padded(2, 2, KERNEL[:, :, ::-1, ::-1])
    assert "rotated by 180" in hint("forward", "conv", turned, reference, **known).words


def transposed(before, size, kernel):
    images = rng(5).standard_normal((2, 4, 5, 5))
    wide = np.zeros((2, 4, 9, 9))
    wide[:, :, ::2, ::2] = images
    full = correlate(wide, kernel.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1])
    full = np.pad(full, [(0, 0), (0, 0), (0, 1), (0, 1)])
    return images, full[:, :, before : before + size, before : before + size]


def test_transposed_convolutions_are_cropped_or_turned_otherwise() -> None:
    images, reference = transposed(2, 10, KERNEL)
    known = {"weights": {"weight": KERNEL}, "forward": {"fc": images}}
    found = hint("forward", "up", transposed(1, 10, KERNEL)[1], reference, **known)
    assert (found.row, "(1, 1)" in found.words) == ("transposed-same", True)
    port = transposed(2, 10, KERNEL[:, :, ::-1, ::-1])[1]
    assert hint("forward", "up", port, reference, **known).row == "turned-kernel"


def test_a_shift_of_maps() -> None:
    wide = rng(6).standard_normal((2, 3, 9, 9))
    found = hint("forward", "up", wide[:, :, :-1, :-1], wide[:, :, 1:, 1:])
    assert (found.row, "shifted by (+1, +1)" in found.words) == ("", True)


@pytest.mark.parametrize(
    ("port", "words"),
    [
        (lambda r, b: r - b, "without its bias"),
        (lambda r, b: r + b, "bias twice"),
        (lambda r, b: r * b, "scale (weight) twice"),
        (lambda r, b: r / b, "without its scale"),
        (lambda r, b: r * (b + 2), "a factor of its own"),
        (lambda r, b: r + 3 * b, "an offset of its own"),
        (lambda r, b: r * (b + 2) + b, "a factor and an offset"),
    ],
)
def test_relations_by_channel(port, words) -> None:
    bias = rng(7).uniform(1, 2, (3, 1, 1))
    known = {"weights": {"bias": bias.ravel(), "weight": bias.ravel()}}
    assert words in hint("forward", "conv", port(X, bias), X, **known).words


def test_the_scale_of_attention() -> None:
    forward = {"query": rng(8).standard_normal((2, 7, 24))}
    scores = rng(9).standard_normal((2, 7, 7))
    assert "1/√24" in hint("forward", "attention", scores / sqrt(24), scores, forward=forward).words


def test_dropout_is_named_where_zeros_are_as_many_as_it_leaves() -> None:
    kept = X * (rng(10).random(X.shape) >= 0.2)
    assert "dropout of 0.2" in hint("forward", "drop", kept / 0.8, kept).words
    assert "dropout" not in hint("forward", "drop", kept / 0.4, kept).words
    assert "dropout" not in hint("forward", "drop", abs(kept) / 0.8, abs(kept)).words
