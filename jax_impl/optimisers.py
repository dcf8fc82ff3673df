"""Optimisers as in the sources: epsilon outside the square root, no hidden defaults."""

import math
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import nnx


def adam(
    network: nnx.Module, *, learning_rate: float, beta1: float, beta2: float, epsilon: float
) -> nnx.Optimizer:
    """Adam: w −= lr · m̂ / (√v̂ + ε), moments corrected by 1 − βᵗ before the division.

    Source: Kingma and Ba 2015, arXiv:1412.6980, algorithm 1.
    """
    rule = _adam(_corrected_moments, learning_rate, beta1, beta2, epsilon)
    return nnx.Optimizer(network, rule, wrt=nnx.Param)


def keras_adam(
    network: nnx.Module, *, learning_rate: float, beta1: float, beta2: float, epsilon: float
) -> nnx.Optimizer:
    """Adam as in Keras: w −= lr · √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε).

    Source: Kingma and Ba 2015, the remark that ends section 2; mnistGANs.
    """
    rule = _adam(_corrected_rate, learning_rate, beta1, beta2, epsilon)
    return nnx.Optimizer(network, rule, wrt=nnx.Param)


def rmsprop(
    network: nnx.Module, *, learning_rate: float, decay: float, epsilon: float
) -> nnx.Optimizer:
    """RMSprop: v = ρ·v + (1−ρ)·g²; w −= lr · g / (√v + ε), v starts at 0, not centred.

    Source: Tieleman and Hinton 2012, with ε as PyTorch and Jittor place it.
    """
    rule = _rmsprop(
        learning_rate,
        decay=decay,
        eps=epsilon,
        initial_scale=0.0,
        eps_in_sqrt=False,
        centered=False,
        momentum=None,
        nesterov=False,
        bias_correction=False,
    )
    return nnx.Optimizer(network, rule, wrt=nnx.Param)


def sgd(network: nnx.Module, *, learning_rate: float, momentum: float) -> nnx.Optimizer:
    """SGD with momentum: b = μ·b + g; w −= lr · b, the learning rate outside the buffer.

    Source: Sutskever et al. 2013, as PyTorch writes it: no dampening, no Nesterov.
    """
    # None keeps no buffer at all, as PyTorch does for a momentum of 0.
    rule = _sgd(learning_rate, momentum=momentum or None, nesterov=False)
    return nnx.Optimizer(network, rule, wrt=nnx.Param)


@nnx.jit
def clip_weights(network: nnx.Module, *, limit: float) -> None:
    """Clip every trainable parameter to [−limit, limit], and no running statistic.

    Source: Arjovsky et al. 2017, algorithm 1, after the critic's update.
    """
    parameters = nnx.state(network, nnx.Param)
    nnx.update(network, jax.tree.map(lambda weight: jnp.clip(weight, -limit, limit), parameters))


# jit compiles again for a new transformation object, even an equal one: so each is made once.
_rmsprop = cache(optax.rmsprop)
_sgd = cache(optax.sgd)


@cache
def _adam(
    rule: Callable[..., jax.Array],
    learning_rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
) -> optax.GradientTransformation:
    direction = _scale_by_adam(rule, beta1=beta1, beta2=beta2, epsilon=epsilon)
    return optax.chain(direction, optax.scale_by_learning_rate(learning_rate))


class _AdamState(NamedTuple):
    step: jax.Array
    first_moment: optax.Updates
    second_moment: optax.Updates


def _scale_by_adam(
    rule: Callable[..., jax.Array], *, beta1: float, beta2: float, epsilon: float
) -> optax.GradientTransformation:
    """optax.scale_by_adam, except for its 1 − βᵗ: in float32 that is off by 1.3e-5 for β 0.999."""

    def init(params: optax.Params) -> _AdamState:
        first, second = (jax.tree.map(jnp.zeros_like, params) for _ in range(2))
        return _AdamState(jnp.zeros((), jnp.int32), first, second)

    def update(
        gradients: optax.Updates, state: _AdamState, params: optax.Params | None = None
    ) -> tuple[optax.Updates, _AdamState]:
        step = state.step + 1
        first = _average(state.first_moment, gradients, beta1)
        second = _average(state.second_moment, jax.tree.map(jnp.square, gradients), beta2)
        bias1, bias2 = _one_minus_power(beta1, step), _one_minus_power(beta2, step)
        direction = jax.tree.map(lambda m, v: rule(m, v, bias1, bias2, epsilon), first, second)
        return direction, _AdamState(step, first, second)

    return optax.GradientTransformation(init, update)


def _corrected_moments(
    m: jax.Array, v: jax.Array, bias1: jax.Array, bias2: jax.Array, epsilon: float
) -> jax.Array:
    return (m / bias1) / (jnp.sqrt(v / bias2) + epsilon)


def _corrected_rate(
    m: jax.Array, v: jax.Array, bias1: jax.Array, bias2: jax.Array, epsilon: float
) -> jax.Array:
    return jnp.sqrt(bias2) / bias1 * m / (jnp.sqrt(v) + epsilon)


def _average(moment: optax.Updates, values: optax.Updates, beta: float) -> optax.Updates:
    return jax.tree.map(lambda m, x: beta * m + (1 - beta) * x, moment, values)


def _one_minus_power(beta: float, step: jax.Array) -> jax.Array:
    log_beta = math.log(beta) if beta else -math.inf
    return -jnp.expm1(step * log_beta)
