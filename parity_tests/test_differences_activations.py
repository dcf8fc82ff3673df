"""Activations: their defaults, their kinks and what becomes of extreme inputs."""

from importlib import import_module

import numpy as np
import pytest

from common.backends import BACKENDS, TITLES
from parity_tests.differing import (
    ONE,
    apart,
    called,
    close,
    default,
    gradients_at,
    has_no_default,
    part,
    value,
)
from parity_tests.one_weight import one_weight, read_weight

MODELS = ("losses.py", "steps.py", *(f"models/{model}.py" for model in ("sngan", "dcgan_mnist")))


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_leaky_relu_has_three_default_slopes(effect) -> None:
    import jax
    import jittor as jt
    import keras
    import tensorflow as tf
    import torch

    assert default(torch.nn.functional.leaky_relu, "negative_slope") == 0.01
    assert default(jax.nn.leaky_relu, "negative_slope") == 0.01
    assert default(jt.nn.leaky_relu, "scale") == 0.01
    assert default(tf.nn.leaky_relu, "alpha") == 0.2
    assert default(keras.ops.leaky_relu, "negative_slope") == 0.2
    assert keras.layers.LeakyReLU().negative_slope == 0.3
    below = np.array([-1.0])
    theirs = value("tf", keras.layers.LeakyReLU(dtype="float64"), below)
    effect("slope at −1, Keras' layer", -theirs[0])
    effect("slope at −1, PyTorch", -value("torch", torch.nn.LeakyReLU(), below)[0])
    for name in BACKENDS:
        assert has_no_default(part(name, "layers").leaky_relu)


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_leaky_relu_s_derivative_at_zero_is_one_in_jax() -> None:
    import jax
    import jittor as jt
    import tensorflow as tf
    import torch

    stock = {
        "torch": lambda x: torch.nn.functional.leaky_relu(x, 0.2),
        "tf": lambda x: tf.nn.leaky_relu(x, 0.2),
        "jax": lambda x: jax.nn.leaky_relu(x, 0.2),
        "jittor": lambda x: jt.nn.leaky_relu(x, 0.2),
    }
    for name, function in stock.items():
        (gradient,) = gradients_at(name, function, [0.0])
        close(gradient, [1.0 if name == "jax" else 0.2], "closed_form_float32", name)
        leaky_relu = part(name, "layers").leaky_relu
        (gradient,) = gradients_at(
            name, lambda x, own=leaky_relu: own(x, negative_slope=0.2), [0.0]
        )
        close(gradient, [0.2], what=name)


@pytest.mark.pins("tf")
def test_tensorflow_rounds_leaky_relu_s_slope_to_float32(effect) -> None:
    import tensorflow as tf

    actual = tf.nn.leaky_relu(tf.constant([-1.0], tf.float64), alpha=0.2).numpy()
    close(actual, [-float(np.float32(0.2))])
    apart(actual, [-0.2])
    effect("error of the slope 0.2 in float64", abs(actual[0] + 0.2))
    leaky_relu = part("tf", "layers").leaky_relu
    close(value("tf", lambda x: leaky_relu(x, negative_slope=0.2), np.array([-1.0])), [-0.2])
    # Ours leaves float32 to TensorFlow: that must be the same function, at zero too.
    points = tf.constant([-1.0, 0.0, 1.0], tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(points)
        scores = leaky_relu(points, negative_slope=0.2)
    close(scores.numpy(), np.float32([-0.2, 0, 1]), "exact")
    close(tape.gradient(scores, points).numpy(), np.float32([0.2, 0.2, 1]), "exact")


@pytest.mark.pins("tf")
def test_keras_leaky_relu_layer_rounds_its_slope() -> None:
    """0.3 becomes float32's 0.3, which the figures of the Keras LSGAN carry in float64."""
    import keras

    rounded = float(np.float32(0.3))
    actual = keras.layers.LeakyReLU(negative_slope=0.3, dtype="float64")(np.array([-1.0]))
    close(actual, [-rounded], "exact")
    apart(actual, [-0.3])
    for name in BACKENDS:
        assert rounded == part(name, "models.lsgan_keras")._SLOPE


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_the_gradient_of_a_tied_maximum_has_three_conventions() -> None:
    import jax.numpy as jnp
    import jittor as jt
    import tensorflow as tf
    import torch

    half = (0.5, 0.5)
    stock = {
        "torch": (torch.maximum, half),
        "tf": (tf.maximum, (1, 0)),
        "jax": (jnp.maximum, half),
        "jittor": (jt.maximum, (0, 1)),
    }
    for name, (function, shares) in stock.items():
        close(np.concatenate(gradients_at(name, function, [1.0], [1.0])), shares, "exact", name)
        hinge = part(name, "losses").hinge_discriminator_loss
        kinks = np.concatenate(gradients_at(name, hinge, [1.0], [-1.0], upstream=ONE))
        close(kinks, [0, 0], "exact", name)


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_the_derivative_of_the_absolute_value_at_zero_is_one_in_jax_and_jittor() -> None:
    import jax.numpy as jnp
    import jittor as jt
    import tensorflow as tf
    import torch

    stock = {"torch": (torch.abs, 0), "tf": (tf.abs, 0), "jax": (jnp.abs, 1), "jittor": (jt.abs, 1)}
    for name, (function, slope) in stock.items():
        close(gradients_at(name, function, [0.0])[0], [slope], "exact", name)
        assert "abs" not in called(name, *MODELS)


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_the_derivative_of_a_clamp_at_its_bound_has_three_values() -> None:
    import jax.numpy as jnp
    import jittor as jt
    import tensorflow as tf
    import torch

    stock = {
        "torch": (lambda x: torch.clamp(x, -1, 1), 1),
        "tf": (lambda x: tf.clip_by_value(x, -1, 1), 1),
        "jax": (lambda x: jnp.clip(x, -1, 1), 0.5),
        "jittor": (lambda x: jt.clamp(x, -1, 1), 0),
    }
    for name, (function, slope) in stock.items():
        close(gradients_at(name, function, [1.0])[0], [slope], "exact", name)
        network = one_weight(name, np.array([-2.0, -0.5, 0.0, 0.5, 2.0]))
        part(name, "optimisers").clip_weights(network, limit=0.5)
        close(read_weight(name, network), [-0.5, -0.5, 0.0, 0.5, 0.5], "exact", name)


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_jittor_s_max_gives_every_tied_element_the_full_gradient() -> None:
    import jax.numpy as jnp
    import jittor as jt
    import tensorflow as tf
    import torch

    stock = {"torch": torch.max, "tf": tf.reduce_max, "jax": jnp.max, "jittor": jt.max}
    for name, function in stock.items():
        (gradient,) = gradients_at(name, function, [1.0, 1.0], upstream=ONE)
        close(gradient, [1, 1] if name == "jittor" else [0.5, 0.5], "exact", name)
        assert not {"max", "reduce_max", "amax"} & called(name, without="parallel.py")


@pytest.mark.pins("torch", "jittor")
def test_jittor_s_tanh_keeps_a_slope_where_pytorch_s_is_zero(effect) -> None:
    import jittor as jt
    import torch

    points = np.linspace(-10, 10, 41)
    for name, function in {"torch": torch.tanh, "jittor": jt.tanh}.items():
        (gradient,) = gradients_at(name, function, points, dtype="float32")
        close(gradient, 1 / np.cosh(points) ** 2, "closed_form_float32", name)
        assert (gradient[-1] == 0) == (name == "torch")
        assert "tanh" in called(name)
        effect(f"slope at 10 in float32, {TITLES[name]}", gradient[-1])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_saturated_tanh_has_a_finite_gradient_in_every_port(backend_name, dtype) -> None:
    points = np.repeat([-200.0, -60.0, -30.0, 0.5, 30.0, 60.0, 200.0], 64)
    if backend_name == "jittor":
        function = part("jittor", "layers").tanh
    else:
        module = {"torch": "torch", "tf": "tensorflow", "jax": "jax.numpy"}[backend_name]
        function = import_module(module).tanh
    (gradient,) = gradients_at(backend_name, function, points, dtype=dtype)
    close(gradient, 1 / np.cosh(points) ** 2, "closed_form_float32")
    close(
        value(backend_name, function, points, dtype=dtype), np.tanh(points), "closed_form_float32"
    )


def test_jittor_s_own_tanh_makes_nan_of_a_saturated_gradient(need) -> None:
    need("jittor")
    import jittor as jt

    (gradient,) = gradients_at("jittor", jt.tanh, np.full((64, 64), -60.0), dtype="float32")
    assert np.isnan(gradient).all()


def test_a_nan_passes_through_jittor_s_bounded_tanh(need) -> None:
    need("jittor")
    points = np.full((64, 64), np.nan)
    for dtype in ("float32", "float64"):
        assert np.isnan(value("jittor", part("jittor", "layers").tanh, points, dtype=dtype)).all()


@pytest.mark.pins("torch", "jittor")
def test_jittor_s_sigmoid_stops_falling_at_minus_thirty(effect) -> None:
    import jittor as jt
    import torch

    low = np.array([-200.0])
    own = value("jittor", jt.nn.log_sigmoid, low, dtype="float32")
    close(own, [-30.0], "closed_form_float32")
    usual = value("torch", torch.nn.functional.logsigmoid, low, dtype="float32")
    close(usual, [-200.0], "closed_form_float32")
    effect("log σ(−200) in float32, Jittor", own[0])
    for name in ("torch", "jittor"):
        loss = part(name, "losses").vanilla_generator_loss
        close(value(name, loss, low, dtype="float32"), 200.0, "closed_form_float32", name)
