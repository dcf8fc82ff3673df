"""Hints on losses, which are single numbers: only what has a meaning is named."""

import numpy as np
import pytest
from hinting import evidence, rng

from common.check.hints import look
from common.reference import losses

OUT = rng(1).standard_normal((16, 1))
TARGET = rng(2).random(16)
LABELS = (TARGET > 0.5).astype(float)


def loss(port, reference, output=OUT, target=TARGET, shape=(), **known):
    known = {"forward": {"hidden": rng(3).random((16, 9)), "head": output}} | known
    known |= {"inputs": {"x": rng(4).random((16, 4)), "y": target}}
    values = np.full(shape, port), np.full(shape, reference)
    return look(evidence("loss", "loss", *values, **known))


def cross_entropy(output, target):
    return (losses.softplus(output) - output * target).mean()


ROWS, COLUMNS = OUT, TARGET[None]
PAIRED = OUT[:, 0], TARGET


@pytest.mark.parametrize("shape", [(), (1,)])
@pytest.mark.parametrize("output", [OUT, OUT[:, 0]])
@pytest.mark.parametrize(
    "function",
    [
        lambda o, t: ((o - t) ** 2).mean(),
        lambda o, t: abs(o - t).mean(),
        cross_entropy,
    ],
)
def test_a_column_with_a_vector_is_broadcast_to_all_pairs(function, output, shape) -> None:
    pairs, paired = function(ROWS, COLUMNS), function(*PAIRED)
    found = loss(pairs, paired, output, shape=shape)
    assert found.words.startswith("a broadcast of (N, 1) with (N,)")
    assert "instead" not in found.words
    assert "pair by pair" in loss(paired, pairs, output).words
    assert loss(pairs + 1e-3, paired) is None
    assert loss(pairs, paired + 1e-3) is None


def test_two_losses_of_the_same_arrays() -> None:
    error = PAIRED[0] - PAIRED[1]
    found = loss((error**2).mean() / 2, (error**2).mean())
    assert found.words.startswith("the mean of the half the squared error")
    assert "absolute" in loss(abs(error).mean(), (error**2).mean()).words
    assert "the sum" in loss((error**2).sum(), (error**2).mean()).words


def test_a_probability_of_zero() -> None:
    probability = rng(5).random((16, 1))
    probability[LABELS[:, None] == 1] *= (
        rng(6).integers(0, 2, 16).astype(float)[: int(LABELS.sum())]
    )
    kept = np.clip(probability[:, 0], 1e-7, 1 - 1e-7)
    with np.errstate(divide="ignore"):
        ones, zeros = (np.maximum(np.log(v), -100) for v in (probability, 1 - probability))
    torch = -(LABELS * ones[:, 0] + (1 - LABELS) * zeros[:, 0]).mean()
    keras = -(LABELS * np.log(kept) + (1 - LABELS) * np.log(1 - kept)).mean()
    assert loss(keras, torch, probability, LABELS).row == "probability-of-zero"


@pytest.mark.parametrize("one_hot", [False, True])
def test_softmax_twice(one_hot) -> None:
    output, classes = rng(7).standard_normal((16, 5)), rng(8).integers(0, 5, 16)
    target = np.eye(5)[classes] if one_hot else classes

    def of_classes(logits):
        logs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        return -logs[np.arange(16), classes].mean()

    softmax = np.exp(output) / np.exp(output).sum(1, keepdims=True)
    found = loss(of_classes(softmax), of_classes(output), output, target)
    assert "softmax twice" in found.words
    assert (
        "over classes too" in loss(of_classes(output) / 5, of_classes(output), output, target).words
    )


def test_unknown_losses_are_named_by_a_meaningful_factor_alone() -> None:
    unknown = 0.7318
    assert loss(unknown / 2, unknown).words.startswith("half of")
    assert "sign" in loss(-unknown, unknown).words
    assert "size of the batch" in loss(16 * unknown, unknown).words
    assert "a weight of this size" in loss(unknown / 3, unknown, OUT[:, [0] * 3]).words
    assert loss(16 / 15 * unknown, unknown) is None
    assert "exactly 1 more" in loss(unknown + 1, unknown).words
    assert loss(1.37 * unknown, unknown) is None
    assert loss(unknown / 2 * (1 + 2e-9), unknown) is None
    assert loss(unknown / 2, unknown, noise=1e-3) is None
    assert look(evidence("forward", "mean", np.array(3.0), np.array(1.5))) is None
