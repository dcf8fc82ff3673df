"""Hints on batch norms: their outputs, and their running statistics."""

from math import sqrt

import numpy as np
import pytest
from hinting import evidence, hint, rng, sums

from common.check.hints import look
from common.reference.layers import batch_norm, running_statistics

X = rng(1).standard_normal((4, 6, 3, 5)) * rng(2).uniform(0.02, 2, (6, 1, 1)) + 0.3
GAMMA, BETA = rng(3).uniform(0.5, 2, 6), rng(4).standard_normal(6)
COUNT = 4 * 15
RUNNING = {"running_mean": rng(5).standard_normal(6) / 9, "running_var": rng(6).uniform(1, 2, 6)}
WEIGHTS = {"weight": GAMMA, "bias": BETA, **RUNNING}


def normalised(epsilon=1e-5, mean=None, variance=None, x=X):
    axes, shape = sums(x), (1, -1, *(1,) * (x.ndim - 2))
    mean = x.mean(axes) if mean is None else mean
    variance = x.var(axes) if variance is None else variance
    factor = (GAMMA / np.sqrt(variance + epsilon)).reshape(shape)
    return (x - mean.reshape(shape)) * factor + BETA.reshape(shape)


REFERENCE = normalised()
assert np.allclose(REFERENCE, batch_norm(X, GAMMA, BETA, epsilon=1e-5)[0])


@pytest.mark.parametrize("forward", [{}, {"conv": X}])
def test_another_epsilon(forward) -> None:
    known = {"weights": WEIGHTS, "forward": forward}
    found = hint("forward", "bn", normalised(1e-3), REFERENCE, **known)
    assert found.row == "batch-norm-epsilon"
    expected = "of 0.001 instead of 1e-05" if forward else "100 times the reference's"
    assert expected in found.words
    assert hint("forward", "bn", normalised(0.8), REFERENCE, **known).row == "batch-norm-epsilon"


@pytest.mark.parametrize("forward", [{}, {"conv": X}])
def test_the_unbiased_variance_in_the_normalisation(forward) -> None:
    port = normalised(variance=X.var(sums(X), ddof=1))
    known = {"weights": WEIGHTS, "forward": forward}
    found = hint("forward", "bn", port, REFERENCE, **known)
    assert (found.row, "the port divides by N − 1 = 59" in found.words) == ("unbiased-deviation", 1)
    back = hint("forward", "bn", REFERENCE, port, **known)
    assert (back.row, "the reference divides by" in back.words) == ("unbiased-deviation", 1)


@pytest.mark.parametrize("statistics", [RUNNING, {}])
def test_the_running_statistics_are_evaluation_mode(statistics) -> None:
    mean = statistics.get("running_mean", np.zeros(6))
    port = normalised(mean=mean, variance=statistics.get("running_var", np.ones(6)))
    known = {"weights": {"weight": GAMMA, "bias": BETA} | statistics, "forward": {"conv": X}}
    found = hint("forward", "bn", port, REFERENCE, **known)
    assert (found.row, "evaluation" in found.words) == ("training-mode", True)
    back = hint("forward", "bn", REFERENCE, port, **known)
    assert (back.row, "training mode" in back.words) == ("training-mode", True)


def test_other_statistics_of_unknown_origin_have_no_row() -> None:
    port = normalised(mean=rng(7).standard_normal(6), variance=rng(8).uniform(1, 2, 6))
    found = hint("forward", "bn", port, REFERENCE, weights=WEIGHTS, forward={"conv": X})
    assert (found.row, "a factor and an offset" in found.words) == ("", True)


def test_a_batch_norm_of_two_axes() -> None:
    x = X[:, :, 0, 0] + rng(9).standard_normal((4, 6))
    arrays = normalised(1e-3, x=x), normalised(x=x)
    assert hint("forward", "bn", *arrays, weights=WEIGHTS).row == "batch-norm-epsilon"


def moved(momentum, *, unbiased=False, before=(0.2, 0.9)):
    mean, variance = (np.full(6, value) for value in before)
    axes = sums(X)
    arguments = mean, variance, X.mean(axes), X.var(axes), COUNT
    return running_statistics(*arguments, momentum=momentum, unbiased=unbiased)


@pytest.mark.parametrize("momentum", [0.1, 0.01, 0.5, 1.0])
@pytest.mark.parametrize("forward", [{}, {"bn": X}])
@pytest.mark.parametrize("before", [0.9, 0.0])
def test_the_running_variance_is_unbiased_on_one_side(momentum, forward, before) -> None:
    one, other = (moved(momentum, unbiased=side, before=(0, before))[1] for side in (True, False))
    known = {"before": np.full(6, before), "forward": forward, "inputs": {"x": X[:, :1]}}
    known["inputs"] |= {} if forward else {"z": np.zeros((COUNT, 2))}
    found = hint("statistics", "bn.running_var", one, other, **known)
    assert (found.row, "the port moves towards 60/59" in found.words) == ("running-variance", True)
    back = hint("statistics", "bn.running_var", other, one, **known)
    assert (back.row, "the reference moves" in back.words) == ("running-variance", True)


@pytest.mark.parametrize(("kind", "before"), [("running_mean", 0.2), ("running_var", 0.9)])
def test_momentum_is_taken_for_its_complement(kind, before) -> None:
    index = int(kind == "running_var")
    for share in (0.1, 0.01, 0.001):
        arrays = moved(1 - share)[index], moved(share)[index]
        found = hint("statistics", f"bn.{kind}", *arrays, before=np.full(6, before))
        assert (found.row, "its 1 − m" in found.words) == ("batch-norm-momentum", True)
    arrays = moved(0.01)[index], moved(0.1)[index]
    found = hint("statistics", f"bn.{kind}", *arrays, before=np.full(6, before))
    assert (found.row, "0.1 times as far" in found.words) == ("batch-norm-momentum", True)


def test_statistics_that_stay_or_move_alone() -> None:
    before = np.full(6, 0.2)
    found = look(evidence("statistics", "bn.running_mean", before, moved(0.1)[0], before=before))
    assert (found.row, "unchanged" in found.words) == ("training-mode", True)
    back = look(evidence("statistics", "bn.running_mean", moved(0.1)[0], before, before=before))
    assert (back.row, "moved by the step" in back.words) == ("training-mode", True)


def test_two_updates_in_one_step() -> None:
    once, before = moved(0.1)[0], np.full(6, 0.2)
    twice = once + 0.1 * (X.mean(sums(X)) - once)
    found = hint("statistics", "bn.running_mean", twice, once, before=before)
    assert (found.row, "two updates with a momentum of 0.1" in found.words) == ("", True)


def test_a_variance_with_both_changes_has_no_hint() -> None:
    arrays = moved(0.01, unbiased=True)[1], moved(0.1)[1]
    known = {"before": np.full(6, 0.9), "forward": {"bn": X}}
    assert look(evidence("statistics", "bn.running_var", *arrays, **known)) is None


def test_a_standard_deviation_over_the_batch() -> None:
    count = 12
    values = rng(11).standard_normal((count, 5))
    arrays = values.std(0, ddof=1), values.std(0)
    found = hint("forward", "deviation", *arrays, inputs={"x": values})
    assert (found.row, "the root of 12/11" in found.words) == ("unbiased-deviation", True)
    found = hint("forward", "v", values.var(0), values.var(0, ddof=1), inputs={"x": values})
    assert (found.row, "11/12 times" in found.words) == ("unbiased-deviation", True)
    assert sqrt(count) > 3
