"""Cross-entropies, softplus and means: small numbers beside large ones."""

import numpy as np
import pytest

from common.backends import BACKENDS, TITLES
from parity_tests.differing import ONE, apart, close, gradients_at, part, value


def port_s_loss(name, logit, **kind):
    """−log σ of one logit, as a port's generator has it."""
    return value(name, part(name, "losses").vanilla_generator_loss, np.array([logit]), **kind)


@pytest.mark.pins("torch", "tf", "jittor")
def test_the_cross_entropy_of_a_probability_of_zero_has_three_values(effect) -> None:
    import jittor as jt
    import keras
    import torch

    def pytorch_s(probability):
        return torch.nn.functional.binary_cross_entropy(probability, torch.ones_like(probability))

    def keras_s(probability):
        return keras.ops.binary_crossentropy(keras.ops.ones_like(probability), probability)

    def jittor_s(probability):
        return jt.nn.bce_loss(probability, jt.ones_like(probability))

    stock = {
        "torch": (pytorch_s, 100.0),
        "tf": (keras_s, -np.log(1e-7)),
        "jittor": (jittor_s, -np.log(1e-20)),
    }
    for name, (function, most) in stock.items():
        loss = value(name, function, np.zeros(1))
        close(loss.reshape(()), most, "closed_form_float32", name)
        effect(f"loss at a probability of 0, {TITLES[name]}", loss.item())
        close(port_s_loss(name, -200.0), 200.0, what=name)


@pytest.mark.pins("jittor", "torch")
def test_jittor_s_cross_entropy_loses_a_small_exponential_beside_one(effect) -> None:
    import jittor as jt
    import torch

    logit, expected = np.array([20.0]), np.log1p(np.exp(-20.0))
    stock = jt.nn.binary_cross_entropy_with_logits(jt.array(logit), jt.array(np.ones(1)))
    apart([stock.item()], [expected])
    effect("relative error at logit 20 in float64", abs(stock.item() - expected) / expected)
    exact = torch.nn.functional.binary_cross_entropy_with_logits(
        torch.tensor(logit), torch.ones(1, dtype=torch.float64)
    )
    close(exact, expected)
    for name in ("jittor", "torch"):
        close(port_s_loss(name, 20.0), expected, what=name)


@pytest.mark.pins("jittor", "torch")
def test_jittor_s_softplus_is_zero_below_minus_seventeen(effect) -> None:
    import jittor as jt
    import torch

    low, expected = np.array([-20.0]), np.log1p(np.exp(-20.0))
    own = value("jittor", jt.nn.softplus, low, dtype="float32")
    close(own, [0], "exact")
    usual = value("torch", torch.nn.functional.softplus, low, dtype="float32")
    close(usual, [expected], "closed_form_float32")
    effect("softplus(−20) in float32, PyTorch", usual[0])
    effect("softplus(−20) in float32, Jittor", own[0])
    for name in ("jittor", "torch"):
        close(port_s_loss(name, 20.0, dtype="float32"), expected, "closed_form_float32", name)


@pytest.mark.pins("torch")
def test_pytorch_s_softplus_turns_linear_at_twenty(effect) -> None:
    import torch

    large = torch.tensor(20.5, dtype=torch.float64)
    actual, expected = torch.nn.functional.softplus(large), 20.5 + np.log1p(np.exp(-20.5))
    assert actual == large
    apart(actual, expected)
    effect("relative error of softplus(20.5) in float64", abs(actual.item() - expected) / expected)
    close(-torch.nn.functional.logsigmoid(-large), expected)
    close(port_s_loss("torch", -20.5), expected)


@pytest.mark.pins("torch", "tf")
def test_pytorch_s_cross_entropy_gradient_cancels_at_a_right_answer(effect) -> None:
    import tensorflow as tf
    import torch

    def pytorch_s(logits):
        own = torch.nn.functional.binary_cross_entropy_with_logits
        return own(logits, torch.ones_like(logits))

    def tensorflow_s(logits):
        own = tf.nn.sigmoid_cross_entropy_with_logits
        return tf.reduce_mean(own(labels=tf.ones_like(logits), logits=logits))

    def compiled(loss):
        @tf.function
        def slope(logits):
            with tf.GradientTape() as tape:
                tape.watch(logits)
                value = loss(logits)
            return tape.gradient(value, logits)

        return slope(tf.constant([30.0], tf.float64)).numpy()

    expected, own = -np.exp(-30.0), part("tf", "losses").vanilla_generator_loss
    (usual,) = gradients_at("torch", pytorch_s, [30.0], upstream=ONE)
    close(gradients_at("tf", tensorflow_s, [30.0], upstream=ONE)[0], [expected], "update")
    for name, gradient in {"PyTorch": usual, "tf.function": compiled(tensorflow_s)}.items():
        apart(gradient, [expected], "update")
        effect(
            f"relative error of the gradient at logit 30, {name}", abs(gradient[0] / expected - 1)
        )
    close(compiled(own), [expected], "update")
    for name in BACKENDS:
        loss = part(name, "losses").vanilla_generator_loss
        close(gradients_at(name, loss, [30.0], upstream=ONE)[0], [expected], "update", name)


@pytest.mark.pins("jittor")
def test_the_gradient_of_jittor_s_mean_rounds_one_over_n(effect) -> None:
    import jittor as jt

    values, third = jt.array(np.ones(3)), np.full(3, 1 / 3)
    (gradient,) = jt.grad(values.mean(), [values])
    apart(gradient.numpy(), third)
    effect("relative error of 1/3 in float64", abs(3 * float(gradient.numpy()[0]) - 1))
    (gradient,) = jt.grad(values.sum() / 3, [values])
    close(gradient.numpy(), third)
    average = part("jittor", "layers").average
    close(gradients_at("jittor", average, np.ones(3), upstream=ONE)[0], third)
