"""Gradients that one framework has and another has not."""

import numpy as np
import pytest

from common.backends import BACKENDS
from common.contract import network_contract
from common.streams.step_inputs import draw_step_inputs
from parity_tests.differing import BATCH, ONE, close, gradients_at, port, value
from parity_tests.fixtures import build, images, reduced
from parity_tests.test_penalty import penalise


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_the_norm_of_a_zero_gradient_is_a_nan_in_tensorflow_and_jax() -> None:
    """Why the gradient penalty spells its norm out; PyTorch's derivative there is zero."""
    import jax.numpy as jnp
    import jittor as jt
    import tensorflow as tf
    import torch

    zero = np.zeros(3)
    for name, norm in {"torch": torch.norm, "jittor": jt.norm}.items():
        close(gradients_at(name, norm, zero, upstream=ONE)[0], zero, "exact", name)
    for name, norm in {"tf": tf.norm, "jax": jnp.linalg.norm}.items():
        assert np.isnan(gradients_at(name, norm, zero, upstream=ONE)[0]).all(), name
    vector = jt.array(zero)
    assert np.isnan(jt.grad(vector.sqr().sum().sqrt(), vector).numpy()).all()
    points, alpha = np.array([[1.0, -2.0]]), np.array([0.5])
    for name in BACKENDS:
        penalty, gradient = penalise(port(name), points, points, alpha, -points)
        close(penalty, 10.0, what=name)
        close(gradient, np.zeros((1, 2)), "exact", name)


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_jittor_s_norm_runs_over_the_last_axis_alone() -> None:
    import jax.numpy as jnp
    import jittor as jt
    import tensorflow as tf
    import torch

    maps = np.random.default_rng(0).standard_normal((2, 3))
    whole = {"torch": torch.norm, "tf": tf.norm, "jax": jnp.linalg.norm}
    for name, norm in whole.items():
        close(value(name, norm, maps), np.linalg.norm(maps), what=name)
    close(value("jittor", jt.norm, maps), np.linalg.norm(maps, axis=1))
    real, slope = np.random.default_rng(1).standard_normal((2, 3, 2, 2, 2))
    for name in BACKENDS:
        penalty, _ = penalise(port(name), real, real, np.zeros(3), slope[:1])
        lengths = np.linalg.norm((real + slope[:1]).reshape(3, -1), axis=1)
        close(penalty, 10 * ((lengths - 1) ** 2).mean(), what=name)


@pytest.mark.pins("torch", "tf", "jax", "jittor")
def test_the_gradient_of_an_unused_parameter_is_an_error_none_or_zero() -> None:
    import jax
    import jittor as jt
    import tensorflow as tf
    import torch

    used, unused = (torch.ones(2, requires_grad=True) for _ in range(2))
    with pytest.raises(RuntimeError, match="allow_unused"):
        torch.autograd.grad(used.sum(), unused)
    variables = tf.Variable(np.ones(2)), tf.Variable(np.ones(2))
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(variables[0])
    assert tape.gradient(total, variables[1]) is None
    of_pair = jax.grad(lambda pair: pair[0].sum())((np.ones(2), np.ones(2)))
    close(of_pair[1], np.zeros(2), "exact")
    vectors = jt.array(np.ones(2)), jt.array(np.ones(2))
    close(jt.grad(vectors[0].sum(), vectors[1]).numpy(), np.zeros(2), "exact")
    case = reduced("wgan_gp_toy")
    contract = network_contract(case.system, "discriminator")
    points, alpha = np.random.default_rng(0).standard_normal((4, 2)), np.linspace(0, 1, 4)
    for name in BACKENDS:
        backend = port(name)
        gan, interop = build(backend, case), backend.interop
        batch = map(interop.to_native, (points, points, alpha))
        _, native = backend.probes.penalty_gradients(gan.discriminator, *batch, penalty=gan.penalty)
        gradients = interop.read_gradients(native, gan.discriminator, contract)
        last = contract[-1]
        close(gradients[last.full_name], np.zeros(last.shape), "exact", name)


@pytest.mark.pins("jittor")
def test_jittor_defers_an_update_until_it_is_read(effect) -> None:
    import jittor as jt

    def done(parameter: jt.Var) -> bool:
        return ":s1:" in parameter.debug_msg()

    backend = port("jittor")
    layer = jt.nn.Linear(3, 1)
    loss = (layer(jt.array(BATCH)) ** 2).mean()
    backend.device.synchronise()
    before = jt.liveness_info()["lived_ops"]
    jt.optim.SGD(layer.parameters(), 0.1).step(loss)
    loss.numpy()
    assert not any(map(done, layer.parameters()))
    effect("operations that wait once the loss is read", jt.liveness_info()["lived_ops"] - before)
    backend.device.synchronise()
    assert all(map(done, layer.parameters()))
    assert jt.liveness_info()["lived_ops"] == 0

    case = reduced("lsgan_mlp")
    gan = build(backend, case)
    arrays = draw_step_inputs(case.system, 0, 1, 4, lambda _: images(case))
    metrics = backend.schedule.training_step(gan, arrays)
    kept = *gan.generator.parameters(), *gan.discriminator.parameters(), *metrics.values()
    assert all(map(done, kept))
