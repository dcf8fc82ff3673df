"""Hints on gradients: cut, added up, scaled, or different at a kink alone."""

import numpy as np
import pytest
from hinting import evidence, hint, rng

from common.check.hints import look

UP = rng(1).standard_normal((8, 3, 5, 5))
X = rng(2).standard_normal(UP.shape)
X[rng(3).random(X.shape) < 0.03] = 0
ZEROS = int((X == 0).sum())


def backward(port, reference, name="act", **known):
    return look(evidence("backward", name, port, reference, **known))


def slope_at(values, slope, at_zero):
    return np.where(values > 0, 1.0, np.where(values < 0, slope, at_zero))


@pytest.mark.parametrize("name", ["act", "conv"])
def test_leaky_relu_s_derivative_at_zero(name) -> None:
    arrays = UP * slope_at(X, 0.2, 1.0), UP * slope_at(X, 0.2, 0.2)
    found, back = (backward(*pair, forward={name: X}) for pair in (arrays, arrays[::-1]))
    assert found.row == back.row == "leaky-relu-at-zero"
    assert f"at the {ZEROS:,} elements where {name} is exactly 0" in found.words
    assert "slope 0.2" in found.words
    assert backward(*arrays, forward={name: X + 1}) is None
    assert backward(*arrays, forward={name: np.maximum(X, 0)}) is None


def test_other_derivatives_at_zero() -> None:
    half, none, all_ = (UP * slope_at(X, 0.0, value) for value in (0.5, 0.0, 1.0))
    known = {"forward": {"conv": X}}
    assert backward(half, all_, **known).row == "maximum-of-equals"
    found = backward(half, none, **known)
    assert (found.row, "0 in the reference" in found.words) == ("", True)


def test_the_absolute_value_of_an_exact_zero() -> None:
    target = X + rng(4).standard_normal(X.shape)
    target[X == 0] = 0
    sign = np.sign(X - target) / X.size
    port = np.where(target == X, 1 / X.size, sign)
    found = backward(port, sign, forward={"out": X}, inputs={"y": target})
    assert (found.row, "out equals y" in found.words) == ("abs-at-zero", True)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_clamp_at_its_bound(share) -> None:
    clipped = rng(5).standard_normal(UP.shape)
    clipped[rng(6).random(X.shape) < 0.02] = 5.0
    port = np.where(clipped == 5.0, share * UP, UP)
    found = backward(port, UP, forward={"out": clipped})
    assert (found.row, "exactly 5" in found.words) == ("clamp-at-bound", True)


def test_a_few_wrong_elements_elsewhere_are_no_kink() -> None:
    port = UP.copy()
    port.flat[[3, 70, 200]] *= 5
    assert backward(port, UP, forward={"conv": X}) is None


W = rng(7).standard_normal((6, 5))
G = rng(8).standard_normal((6, 5))


def test_cut_accumulated_and_decayed() -> None:
    assert "no gradient arrives" in backward(0 * G, G, "fc.weight").words
    assert backward(G, 0 * G, "fc.weight") is None
    found = hint("backward", "fc.weight", G + W, G, before=W, step=2)
    assert "that of the step before" in found.words
    assert (
        "+0.02 times the weight"
        in hint("backward", "fc.weight", G + 0.02 * W, G, weights={"weight": W}).words
    )


def test_a_clipped_gradient() -> None:
    found = hint("backward", "fc.weight", G.clip(-1, 1), G)
    assert "no further than -1 and 1" in found.words


def test_a_sum_over_the_batch() -> None:
    known = {"inputs": {"x": np.zeros((32, 7))}, "weights": {"weight": W}}
    assert "the size of the batch" in hint("backward", "fc.weight", 32 * G, G, **known).words
    assert (
        "(32 is the size of the batch)" in hint("backward", "fc.weight", G / 32, G, **known).words
    )
    assert hint("backward", "fc.weight", 2 * G, G, **known).words.startswith("twice")
    assert "sign" in hint("backward", "fc.weight", -G, G, **known).words
    other = hint("backward", "fc.weight", 1.37 * G, G, **known)
    assert (other.words, other.row) == ("1.37 times the reference everywhere", "")


@pytest.mark.parametrize(
    ("framework", "row"), [("jittor", "mean-gradient"), ("tf", "cast-numbers"), ("torch", "")]
)
def test_one_over_n_in_float32(framework, row) -> None:
    port = G * float(np.float32(1 / 12)) * 12
    known = {"inputs": {"x": np.zeros((12, 7))}, "framework": framework}
    found = look(evidence("backward", "fc.weight", port, G, **known))
    assert (found.row, "as 1/12 " in found.words) == (row, True)
