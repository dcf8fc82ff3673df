"""Where optimisers put their epsilon, count their steps and keep their learning rate."""

import numpy as np
import pytest

from common.backends import BACKENDS, TITLES
from common.reference import optimisers as reference
from parity_tests.differing import apart, close, default, has_no_default, part
from parity_tests.one_weight import one_weight, ours, read_weight, weights_after

ADAM = {"learning_rate": 1.0, "beta1": 0.5, "beta2": 0.999, "epsilon": 1e-8}
ZEROS = np.zeros(3)
MOMENTS = {"first_moment": ZEROS, "second_moment": ZEROS}
SIGNS = np.array([1.0, -1.0, 1.0])


def stock_adam():
    """Every framework's own Adam, with the numbers of ADAM."""
    import jittor as jt
    import keras
    import optax
    import torch
    from flax import nnx

    betas = (0.5, 0.999)
    transformation = optax.adam(1.0, *betas, eps=1e-8)
    return {
        "torch": lambda net: torch.optim.Adam(net.parameters(), 1.0, betas, eps=1e-8),
        "tf": lambda net: keras.optimizers.Adam(1.0, *betas, epsilon=1e-8),
        "jax": lambda net: nnx.Optimizer(net, transformation, wrt=nnx.Param),
        "jittor": lambda net: jt.optim.Adam(net.parameters(), 1.0, eps=1e-8, betas=betas),
    }


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_keras_adam_scales_epsilon_with_the_step(effect) -> None:
    gradient = 1e-6 * SIGNS
    paper, _ = reference.adam(ZEROS, gradient, MOMENTS, 1, **ADAM)
    hat, _ = reference.keras_adam(ZEROS, gradient, MOMENTS, 1, **ADAM)
    expected_updates, stock = {"torch": paper, "tf": hat, "jax": paper, "jittor": hat}, stock_adam()
    apart(hat, paper, "cancellation_float32")
    for name, expected in expected_updates.items():
        close(weights_after(name, stock[name], [gradient]), expected, "cancellation_float32", name)
        close(weights_after(name, ours(name, "adam", **ADAM), [gradient]), paper, "update")
        close(weights_after(name, ours(name, "keras_adam", **ADAM), [gradient]), hat, "update")
    effect("first update for gradients of 1e-6, Keras over PyTorch", (hat / paper)[0])


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_optax_corrects_adam_s_bias_with_five_digits_in_float32(effect) -> None:
    stock, expected = stock_adam(), -SIGNS
    for name in BACKENDS:
        close(weights_after(name, stock[name], [SIGNS]), expected, "cancellation_float32")
        actual = weights_after(name, stock[name], [SIGNS], dtype="float32")
        (apart if name in ("tf", "jax") else close)(actual, expected, "update_float32")
        if name in ("tf", "jax"):
            effect(
                f"relative error of the first update, {TITLES[name]}",
                np.abs(actual - expected).max(),
            )
        actual = weights_after(name, ours(name, "adam", **ADAM), [SIGNS], dtype="float32")
        close(actual, expected, "update_float32")


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_keras_adam_has_ten_times_the_epsilon(effect) -> None:
    import jittor as jt
    import keras
    import optax
    import torch

    assert default(torch.optim.Adam, "eps") == 1e-8
    assert default(optax.adam, "eps") == 1e-8
    assert default(jt.optim.Adam, "eps") == 1e-8
    assert keras.optimizers.Adam().epsilon == 1e-7
    for name in BACKENDS:
        assert has_no_default(part(name, "optimisers").adam)
    gradient = 1e-6 * SIGNS
    theirs = weights_after("tf", lambda net: keras.optimizers.Adam(1.0), [gradient])
    usual = weights_after("torch", lambda net: torch.optim.Adam(net.parameters(), 1.0), [gradient])
    apart(theirs, usual, "cancellation_float32")
    effect("first update for gradients of 1e-6, Keras over PyTorch", (theirs / usual)[0])


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_keras_rmsprop_puts_epsilon_inside_the_root(effect) -> None:
    import jittor as jt
    import keras
    import optax
    import torch
    from flax import nnx

    numbers = {"learning_rate": 1.0, "decay": 0.99, "epsilon": 1e-8}
    transformation = optax.rmsprop(1.0, decay=0.99, eps=1e-8)
    stock = {
        "torch": lambda net: torch.optim.RMSprop(net.parameters(), 1.0, alpha=0.99, eps=1e-8),
        "tf": lambda net: keras.optimizers.RMSprop(1.0, rho=0.99, epsilon=1e-8),
        "jax": lambda net: nnx.Optimizer(net, transformation, wrt=nnx.Param),
        "jittor": lambda net: jt.optim.RMSprop(net.parameters(), 1.0, eps=1e-8, alpha=0.99),
    }
    gradient = 1e-4 * SIGNS
    outside, _ = reference.rmsprop(ZEROS, gradient, {"square_average": ZEROS}, 1, **numbers)
    inside = -gradient / np.sqrt(0.01 * gradient**2 + 1e-8)
    apart(inside, outside, "cancellation_float32")
    expected_updates = {"torch": outside, "tf": inside, "jax": inside, "jittor": outside}
    for name, expected in expected_updates.items():
        close(weights_after(name, stock[name], [gradient]), expected, "closed_form_float32", name)
        close(weights_after(name, ours(name, "rmsprop", **numbers), [gradient]), outside, "update")
    effect("first update for gradients of 1e-4, Keras over PyTorch", (inside / outside)[0])


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_rmsprop_s_defaults_are_all_different(effect) -> None:
    import jittor as jt
    import keras
    import optax
    import torch

    keras_own = keras.optimizers.RMSprop()
    assert (keras_own.rho, keras_own.epsilon) == (0.9, 1e-7)
    close(keras_own.learning_rate, 1e-3)
    torch_own, jittor_own = torch.optim.RMSprop, jt.optim.RMSprop
    for stock in (torch_own, jittor_own):
        assert [default(stock, key) for key in ("alpha", "eps", "lr")] == [0.99, 1e-8, 1e-2]
    assert [default(optax.rmsprop, key) for key in ("decay", "eps")] == [0.9, 1e-8]
    for name in BACKENDS:
        assert has_no_default(part(name, "optimisers").rmsprop)
    theirs = weights_after("tf", lambda net: keras.optimizers.RMSprop(), [SIGNS])
    usual = weights_after("torch", lambda net: torch_own(net.parameters()), [SIGNS])
    effect("first update for gradients of 1, PyTorch over Keras", (usual / theirs)[0])


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_keras_momentum_keeps_the_learning_rate_in_its_velocity(effect) -> None:
    import jax.numpy as jnp
    import jittor as jt
    import keras
    import optax
    import torch
    from flax import nnx

    def falling(step):
        return jnp.where(step == 0, 1.0, 0.1)

    rates, gradients = (1.0, 0.1, 0.1), [np.ones(3)] * 3
    usual, theirs = np.full(3, -1.461), np.full(3, -3.0)
    transformation = optax.sgd(falling, momentum=0.9)
    stock = {
        "torch": lambda net: torch.optim.SGD(net.parameters(), 1.0, momentum=0.9),
        "tf": lambda net: keras.optimizers.SGD(1.0, momentum=0.9),
        "jax": lambda net: nnx.Optimizer(net, transformation, wrt=nnx.Param),
        "jittor": lambda net: jt.optim.SGD(net.parameters(), 1.0, momentum=0.9),
    }
    for name in BACKENDS:
        given = {} if name == "jax" else {"rates": rates}
        actual = weights_after(name, stock[name], gradients, **given)
        close(actual, theirs if name == "tf" else usual, "closed_form_float32", name)
        own = ours(name, "sgd", learning_rate=falling if name == "jax" else 1.0, momentum=0.9)
        close(weights_after(name, own, gradients, **given), usual, "update", name)
        if name in ("torch", "tf"):
            effect(f"three updates by a rate that falls to a tenth, {TITLES[name]}", actual[0])


@pytest.mark.pins("torch", "jittor")
def test_jittor_dampens_the_first_gradient_too(effect) -> None:
    import jittor as jt
    import torch

    kind = {"momentum": 0.9, "dampening": 0.5}
    usual = weights_after("torch", lambda n: torch.optim.SGD(n.parameters(), 1.0, **kind), [SIGNS])
    theirs = weights_after("jittor", lambda n: jt.optim.SGD(n.parameters(), 1.0, **kind), [SIGNS])
    close(usual, -SIGNS)
    close(theirs, -0.5 * SIGNS)
    for name in ("torch", "jittor"):
        undamped = ours(name, "sgd", learning_rate=1.0, momentum=0.9)
        close(weights_after(name, undamped, [SIGNS]), -SIGNS, "update")
    effect("first update with dampening 0.5, Jittor over PyTorch", (theirs / usual)[0])


@pytest.mark.pins("torch", "jittor")
def test_jittor_counts_backward_passes_as_steps(effect) -> None:
    import jittor as jt

    def after_two_passes(make):
        network = one_weight("jittor", np.zeros(3))
        optimiser = make(network)
        for _ in range(2):
            optimiser.backward((network.weight * jt.array(SIGNS)).sum())
        optimiser.step()
        return read_weight("jittor", network)

    stock = stock_adam()
    close(weights_after("torch", stock["torch"], [2 * SIGNS]), -SIGNS, "closed_form_float32")
    actual = after_two_passes(stock["jittor"])
    close(actual, -SIGNS * np.sqrt(1.999) / 1.5, "closed_form_float32")
    close(after_two_passes(ours("jittor", "adam", **ADAM)), -SIGNS, "closed_form_float32")
    effect("first update after two backward passes, share of the rate", -actual[0])
