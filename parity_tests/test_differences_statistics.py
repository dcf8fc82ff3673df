"""Batch norm and other statistics of a batch, in places where a formula has two readings."""

import numpy as np
import pytest

from common.backends import BACKENDS, TITLES
from common.parity.measure import normwise_error
from parity_tests.differing import BATCH, apart, close, gradients_at, part, port, value

POSITIONS = {"epsilon": 1e-5, "momentum": 1.0, "unbiased_running_variance": False}


@pytest.mark.pins("torch")
def test_the_second_argument_of_pytorch_s_batch_norm_is_epsilon(effect) -> None:
    """`BatchNorm2d(n, 0.8)`, written for Keras' momentum, computes with an epsilon of 0.8."""
    import torch

    layer = torch.nn.BatchNorm1d(3, 0.8)
    assert (layer.eps, layer.momentum) == (0.8, 0.1)
    actual = layer(torch.tensor(BATCH)).detach().numpy()
    usual = (BATCH - BATCH.mean(0)) / np.sqrt(BATCH.var(0) + 1e-5)
    close(actual, (BATCH - BATCH.mean(0)) / np.sqrt(BATCH.var(0) + 0.8))
    apart(actual, usual)
    effect("size of the output over that with epsilon 1e-5", (actual / usual)[0, 0])
    for name in BACKENDS:
        numbers = part(name, "models.lsgan_pytorch")._norm.keywords
        assert (numbers["epsilon"], numbers["momentum"]) == (0.8, 0.1)


def hessian_product(layer, points, upstream):
    """The gradient of upstream times the gradient of Σ layer(x)³, in TensorFlow."""
    import tensorflow as tf

    variable = tf.Variable(points)
    with tf.GradientTape() as outer, tf.GradientTape() as inner:
        total = tf.reduce_sum(layer(variable, training=True) ** 3)
        first = inner.gradient(total, variable)
    return outer.gradient(first, variable, upstream).numpy()


def hessian_product_in_pytorch(layer, points, upstream):
    """The same in PyTorch."""
    import torch

    variable = torch.tensor(points, requires_grad=True)
    total = (layer(variable) ** 3).sum()
    (first,) = torch.autograd.grad(total, variable, create_graph=True)
    return torch.autograd.grad(first, variable, torch.tensor(upstream))[0].numpy()


@pytest.mark.pins("torch", "tf")
def test_tensorflow_s_moments_hold_the_mean_constant_at_second_order(effect) -> None:
    """First derivatives are right, second ones are not, as in a penalty after a batch norm."""
    import keras
    import tensorflow as tf
    import torch

    points, upstream = tf.Variable(BATCH[:, 0]), BATCH[:, 1]

    def second_derivative(variance):
        with tf.GradientTape() as outer, tf.GradientTape() as inner:
            value = variance(points) ** 2
            first = inner.gradient(value, points)
        return first.numpy(), outer.gradient(first, points, upstream).numpy()

    theirs = second_derivative(lambda x: tf.nn.moments(x, [0])[1])
    ours = second_derivative(tf.math.reduce_variance)
    close(theirs[0], ours[0])
    apart(theirs[1], ours[1], "finite_difference")
    centred, variance, count = BATCH[:, 0] - BATCH[:, 0].mean(), BATCH[:, 0].var(), 6
    hessian = 8 * np.outer(centred, centred) / count**2
    hessian += 4 * variance / count * (np.eye(count) - 1 / count)
    close(ours[1], hessian @ upstream)
    layers = {name: part(name, "layers").BatchNorm(3, **POSITIONS) for name in ("torch", "tf")}
    stock = keras.layers.BatchNormalization(epsilon=1e-5, dtype="float64")
    directions = BATCH[::-1].copy()
    expected = hessian_product_in_pytorch(torch.nn.BatchNorm1d(3), BATCH, directions)
    close(hessian_product_in_pytorch(layers["torch"], BATCH, directions), expected)
    close(hessian_product(layers["tf"], BATCH, directions), expected)
    actual = hessian_product(stock, BATCH, directions)
    apart(actual, expected, "cancellation_float32")
    effect(
        "relative error of a second derivative through Keras' batch norm",
        normwise_error(actual, expected),
    )


@pytest.mark.pins("tf", "jittor")
def test_scaling_before_subtracting_cancels_digits_of_a_large_mean(effect) -> None:
    import jittor as jt
    import keras

    mean = 100_000.0
    inputs = np.float32(mean + np.random.default_rng(0).standard_normal((6, 3)))
    expected = (inputs.astype(np.float64) - mean) / np.sqrt(2 + 1e-5)
    for name in ("tf", "jittor"):
        port(name, "float32")
    stock = keras.layers.BatchNormalization(epsilon=1e-5)
    stock.build((6, 3))
    stock.moving_mean.assign(np.full(3, mean))
    stock.moving_variance.assign(np.full(3, 2.0))
    theirs = stock(inputs, training=False).numpy()
    norm = jt.nn.BatchNorm(3)
    norm.running_mean.update(jt.array(np.full(3, mean)))
    norm.running_var.update(jt.array(np.full(3, 2.0)))
    norm.eval()
    jittor_s = norm(jt.array(inputs)).numpy()
    for name, actual in {"tf": theirs, "jittor": jittor_s}.items():
        apart(actual, expected, "closed_form_float32")
        effect(f"relative error of the output, {TITLES[name]}", normwise_error(actual, expected))
    layers = {name: part(name, "layers").BatchNorm(3, **POSITIONS) for name in ("tf", "jittor")}
    layers["tf"].moving_mean.assign(np.full(3, mean))
    layers["tf"].moving_variance.assign(np.full(3, 2.0))
    layers["jittor"].running_mean.update(jt.array(np.full(3, mean)))
    layers["jittor"].running_var.update(jt.array(np.full(3, 2.0)))
    layers["jittor"].eval()
    for name, layer in layers.items():
        close(value(name, layer, inputs, dtype="float32"), expected, "closed_form_float32", name)


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_the_standard_deviation_is_unbiased_in_pytorch_and_jittor(effect) -> None:
    import jax.numpy as jnp
    import jittor as jt
    import tensorflow as tf
    import torch

    numbers = BATCH[:, :1]
    unbiased, biased = numbers.std(ddof=1), numbers.std()
    close(value("torch", torch.std, numbers), unbiased)
    close(value("tf", tf.math.reduce_std, numbers), biased)
    close(value("jax", jnp.std, numbers), biased)
    close(value("jittor", jt.std, numbers)[0], unbiased, "closed_form_float32")
    effect("deviation of 6 numbers, PyTorch over TensorFlow", unbiased / biased)
    for name in BACKENDS:
        close(value(name, part(name, "models.gan_moments")._moments, numbers)[1], biased, what=name)


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_the_standard_deviation_of_equal_numbers_has_four_derivatives() -> None:
    import jax.numpy as jnp
    import jittor as jt
    import tensorflow as tf
    import torch

    numbers, one = np.full((4, 1), 2.0), np.ones(())
    (gradient,) = gradients_at("torch", torch.std, numbers, upstream=one)
    close(gradient, np.zeros((4, 1)), "exact")
    for name, function in {"tf": tf.math.reduce_std, "jax": jnp.std}.items():
        assert np.isnan(gradients_at(name, function, numbers, upstream=one)[0]).all()
    close(value("jittor", jt.std, numbers)[0], 1e-3, "closed_form_float32")
    for name in BACKENDS:
        (gradient,) = gradients_at(
            name, part(name, "models.gan_moments")._moments, numbers, upstream=np.ones(4)
        )
        assert np.isnan(gradient).all(), name


@pytest.mark.pins("torch")
def test_pytorch_s_batch_norm_of_channels_last_adds_in_float32_on_a_cpu(effect) -> None:
    """And our layer's, of the same maps, adds in pairs."""
    import torch

    maps = np.random.default_rng(0).standard_normal((16, 4, 56, 56)).clip(0)
    expected = maps.transpose(1, 0, 2, 3).reshape(4, -1).var(1, ddof=1)
    port("torch", "float32")
    first = torch.tensor(maps, dtype=torch.float32)
    last = first.to(memory_format=torch.channels_last)

    def stock(maps):
        layer = torch.nn.BatchNorm2d(4, momentum=1.0)
        layer(maps)
        return layer.running_var

    def own(maps):
        numbers = {**POSITIONS, "unbiased_running_variance": True}
        layer = part("torch", "layers").BatchNorm(4, **numbers)
        layer(maps)
        return layer.running_var

    close(stock(first), expected, "closed_form_float32")
    apart(stock(last), expected, "closed_form_float32")
    effect("relative error of the variance", normwise_error(stock(last).numpy(), expected))
    for each in (first, last):
        close(own(each), expected, "closed_form_float32")
