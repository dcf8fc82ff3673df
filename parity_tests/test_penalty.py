"""The gradient penalty against closed forms, and where its gradient is exactly zero."""

import numpy as np
import pytest

from common.contract import network_contract
from common.parity.measure import Disagreement, require_named
from common.reference import losses as reference
from parity_tests.fixtures import build, module, reduced

SHAPES = [(5, 3), (4, 2, 3, 3)]


def penalise(backend, real, fake, alpha, slope, weight=10.0):
    """The penalty of D(x) = ½ ‖x‖² + slope · x, and its gradient in the slope."""
    penalty, native = module(backend, "losses").gradient_penalty, backend.interop.to_native
    real, fake, alpha = native(real), native(fake), native(alpha)

    def value(slope):
        def critic(points, **_):
            axes = tuple(range(1, len(points.shape)))
            return total(backend, points * points / 2 + points * slope, axes)

        return penalty(critic, real, fake, alpha, weight=weight)

    result, (gradient,) = backend.probes.pull_back(value, native(np.ones(())), native(slope))
    return backend.interop.to_canonical(result), backend.interop.to_canonical(gradient)


def total(backend, values, axes):
    if backend.name == "tf":
        import tensorflow as tf

        return tf.reduce_sum(values, axes)
    return values.sum(axes)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_value_and_gradient_on_a_quadratic_critic(backend, shape) -> None:
    """The norm runs over every axis of a sample, and alpha is one number per sample."""
    rng = np.random.default_rng(0)
    real, fake = rng.standard_normal((2, *shape))
    alpha, slope = rng.random(shape[0]), rng.standard_normal((1, *shape[1:]))
    spread = alpha.reshape(-1, *(1,) * (len(shape) - 1))
    between = spread * real + (1 - spread) * fake
    value, gradient = penalise(backend, real, fake, alpha, slope)
    expected, of_slope = reference.quadratic_penalty(between, slope, weight=10.0)
    require_named(value, np.array(expected), "linear_algebra", "penalty")
    require_named(gradient, of_slope, "linear_algebra", "gradient")


def test_a_gradient_of_exactly_zero_gives_no_nan(backend) -> None:
    """There the norm has no derivative; like PyTorch's, ours counts it as zero."""
    points, slope = np.array([[1.0, -2.0], [3.0, 0.5]]), np.array([[-1.0, 2.0]])
    value, gradient = penalise(backend, points, points, np.array([0.5, 0.5]), slope)
    expected, of_slope = reference.quadratic_penalty(points, slope, weight=10.0)
    require_named(value, np.array(expected), "linear_algebra", "penalty")
    require_named(gradient, of_slope, "linear_algebra", "gradient")


def test_a_constant_critic_has_the_penalty_s_weight_and_no_gradient(backend) -> None:
    case = reduced("wgan_gp_toy")
    gan, interop = build(backend, case), backend.interop
    contract = network_contract(case.system, "discriminator")
    interop.load_network(
        gan.discriminator, contract, {p.full_name: np.zeros(p.shape) for p in contract}
    )
    points = interop.to_native(np.random.default_rng(0).standard_normal((6, 2)))
    alpha = interop.to_native(np.linspace(0, 1, 6))
    value, gradients = backend.probes.penalty_gradients(
        gan.discriminator, points, points, alpha, penalty=gan.penalty
    )
    weight = np.array(case.system.loss.penalty_weight)
    require_named(interop.to_canonical(value), weight, "closed_form", "penalty")
    for name, array in interop.read_gradients(gradients, gan.discriminator, contract).items():
        require_named(array, np.zeros(array.shape), "exact", name)


def test_one_alpha_per_pixel_turns_the_check_red(backend) -> None:
    rng = np.random.default_rng(0)
    real, fake = rng.standard_normal((2, 4, 2, 3, 3))
    alpha = rng.random(real.shape)
    slope = rng.standard_normal((1, 2, 3, 3))
    value, _ = penalise(backend, real, fake, alpha[:, 0, 0, 0], slope)
    expected, _ = reference.quadratic_penalty(alpha * real + (1 - alpha) * fake, slope, weight=10.0)
    with pytest.raises(Disagreement):
        require_named(value, np.array(expected), "linear_algebra", "penalty")
