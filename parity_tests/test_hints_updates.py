"""Hints on optimisers: parameters and slots after a step."""

import numpy as np
import pytest
from hinting import evidence, hint, rng

from common.check.hints import look
from common.reference import optimisers

W = 0.1 * rng(1).standard_normal((5, 8))
G = rng(2).standard_normal((5, 8)) * 10.0 ** rng(3).uniform(-7, 0, (5, 8))
ZERO = np.zeros_like(W)
NUMBERS = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
MOMENTS = {"first_moment": 0.1 * G, "second_moment": 0.001 * G**2}


def adam(rule=optimisers.adam, step=1, gradient=G, **numbers):
    slots = {"first_moment": ZERO, "second_moment": ZERO}
    return rule(W, gradient, slots, step, **NUMBERS | numbers)[0]


def update(port, reference, **known):
    return hint("update", "fc.weight", port, reference, before=W, gradient=G, **known)


@pytest.mark.parametrize("slots", [{}, MOMENTS])
@pytest.mark.parametrize("beta2", [0.999, 0.9, 0.95])
def test_adam_s_epsilon_in_another_place(slots, beta2) -> None:
    slots = slots and {**slots, "second_moment": (1 - beta2) * G**2}
    arrays = adam(optimisers.keras_adam, beta2=beta2), adam(beta2=beta2)
    found, back = update(*arrays, slots=slots), update(*arrays[::-1], slots=slots)
    assert (found.row, back.row) == ("adam-epsilon", "adam-epsilon")
    assert "another place" in found.words


def test_adam_s_epsilon_of_another_size() -> None:
    found = update(adam(epsilon=1e-7), adam(), slots=MOMENTS)
    assert (found.row, "10 times" in found.words) == ("adam-epsilon-default", True)
    unknown = update(adam(epsilon=1e-7), adam())
    assert (unknown.row, "counts 10 times" in unknown.words) == ("", True)
    keras = update(adam(optimisers.keras_adam, epsilon=1e-7), adam(), slots=MOMENTS)
    assert (keras.row, "316.2 times" in keras.words) == ("adam-epsilon-default", True)
    other = update(adam(epsilon=3e-8), adam(), slots=MOMENTS)
    assert (other.row, "counts 3 times" in other.words) == ("", True)


@pytest.mark.parametrize("betas", [(0.9, 0.999), (0.5, 0.999), (0.5, 0.9)])
def test_adam_without_bias_correction(betas) -> None:
    beta1, beta2 = betas
    numbers = {"beta1": beta1, "beta2": beta2}
    first, second = (1 - beta1) * G, (1 - beta2) * G**2
    port = W - 1e-3 * first / (np.sqrt(second) + 1e-8)
    found = update(port, adam(**numbers))
    assert (found.row, "without bias correction" in found.words) == ("", True)


@pytest.mark.parametrize("rule", [optimisers.adam, optimisers.keras_adam])
def test_adam_that_counts_backward_passes(rule) -> None:
    port = adam(rule, step=2)
    assert update(port, adam(rule)).row == "backward-counts"
    assert update(port, adam(rule), framework="jax").row == ""


def test_adam_s_bias_correction_in_float32() -> None:
    first, second = (1 - float(np.float32(beta)) for beta in (0.9, 0.999))
    keras = W - 1e-3 * np.sqrt(second) / first * 0.1 * G / (np.sqrt(0.001) * abs(G) + 1e-8)
    assert update(keras, adam(optimisers.keras_adam)).row == "adam-bias-float32"
    moments = 0.1 * G / first, 0.001 * G**2 / second
    port = W - 1e-3 * moments[0] / (np.sqrt(moments[1]) + 1e-8)
    found = update(port, adam())
    assert (found.row, "float32" in found.words) == ("adam-bias-float32", True)


@pytest.mark.parametrize("factor", [10.0, 0.1, 2.0, 100.0, 0.3])
def test_another_learning_rate_is_a_factor_and_no_row(factor) -> None:
    large = np.sign(G) * (1 + abs(G))
    for gradient in (G, large):
        arrays = (adam(gradient=gradient, learning_rate=rate) for rate in (1e-3 * factor, 1e-3))
        known = {"before": W, "gradient": gradient}
        found = hint("update", "fc.weight", *arrays, **known)
        assert (found.row, f"a step {factor:.5g} times" in found.words) == ("", True)


def test_another_optimiser() -> None:
    plain = W - 0.1 * G
    assert "as of SGD" in update(plain, adam()).words
    assert "form L · g / (|g| + E)" in update(adam(), plain).words
    assert "no epsilon that can be seen" in update(W - 1e-3 * np.sign(G), adam()).words
    assert "none can be seen in the reference" in update(adam(), W - 1e-3 * np.sign(G)).words


def rmsprop(decay=0.99, epsilon=1e-8, inside=False):
    if not inside:
        slots = {"square_average": ZERO}
        numbers = {"learning_rate": 1e-3, "decay": decay, "epsilon": epsilon}
        return optimisers.rmsprop(W, G, slots, 1, **numbers)[0]
    return W - 1e-3 * G / np.sqrt((1 - decay) * G**2 + epsilon)


@pytest.mark.parametrize("epsilon", [1e-8, 1e-7])
def test_rmsprop_s_epsilon_inside_the_root(epsilon) -> None:
    port = rmsprop(epsilon=epsilon, inside=True)
    found, back = update(port, rmsprop()), update(rmsprop(), port)
    assert (found.row, back.row) == ("rmsprop-epsilon", "rmsprop-epsilon")
    assert "inside the root, where the reference's is outside" in found.words


@pytest.mark.parametrize("slots", [{}, {"square_average": 0.01 * G**2}])
def test_rmsprop_is_not_taken_for_adam(slots) -> None:
    for port in (rmsprop(decay=0.9), rmsprop(decay=0.999), rmsprop(epsilon=1e-7)):
        known = {"before": W, "gradient": G, "slots": slots}
        found = look(evidence("update", "fc.weight", port, rmsprop(), **known))
        assert found is None or (found.row, "Adam" in found.words) == ("", False)


def test_plain_steps() -> None:
    reference = W - 0.1 * G
    assert "uphill" in update(W + 0.1 * G, reference).words
    assert "unchanged" in look(evidence("update", "fc.weight", W, reference, before=W)).words
    assert "moved by" in look(evidence("update", "fc.weight", reference, W, before=W)).words
    assert "Nesterov's momentum of 0.9" in update(W - 0.19 * G, reference).words
    assert "uphill" in update(2 * W - adam(), adam()).words


@pytest.mark.parametrize("reference", [W - 0.1 * G, adam()], ids=["sgd", "adam"])
def test_weight_decay_is_a_share_of_the_weight(reference) -> None:
    found = update(reference - 1e-3 * 0.05 * W, reference)
    assert "smaller by 5e-05 times the parameter" in found.words
    assert "larger by" in update(reference + 1e-3 * 0.05 * W, reference).words


def slot(kind, port, reference, **known):
    known = {"before": ZERO, "gradient": G} | known
    return hint("update", f"fc.weight/{kind}", port, reference, **known)


def test_moments_with_other_decay_rates() -> None:
    assert "0.5 · g, where" in slot("first_moment", 0.5 * G, 0.1 * G).words
    assert "0.1 · g²" in slot("second_moment", 0.1 * G**2, 0.001 * G**2).words
    before = rng(4).standard_normal(W.shape)
    arrays = 0.5 * before + 0.5 * G, 0.9 * before + 0.1 * G
    words = slot("first_moment", *arrays, before=before, step=3).words
    assert words == "0.5 · before + 0.5 · g, where the reference has 0.9 · before + 0.1 · g"


def test_decay_in_the_gradient_shows_in_the_first_moment() -> None:
    found = slot("first_moment", 0.1 * (G + 0.01 * W), 0.1 * G, weights={"weight": W})
    assert "+0.001 times the weight" in found.words


def test_velocities() -> None:
    assert slot("momentum", -0.01 * G, G).row == "momentum-rate"
    assert slot("momentum", 0.1 * G, G).row == "dampening"
    assert slot("momentum", 0.1 * G, G, framework="torch").row == ""
