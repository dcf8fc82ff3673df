"""Initial weights, by the initialiser of each source; every tensor has its own random stream."""

from collections.abc import Callable, Mapping
from math import sqrt

import numpy as np

from common.contract import WEIGHTS, Parameter, contract
from common.reference.spectral import as_matrix, differentiable_iteration, normalise
from common.streams import Array, generator_at
from common.systems import System

Initialiser = Callable[[Parameter, np.random.Generator], Array]
WARM_UP = 15  # power iterations before the first step, as in PyTorch


def uniform_fan_in(parameter: Parameter, rng: np.random.Generator) -> Array:
    """PyTorch's and Jittor's default: U(±1/√fan_in) for weights and for biases."""
    bound = 1 / sqrt(parameter.fan_in)
    return bound * (2 * rng.random(parameter.shape) - 1)


def dcgan(parameter: Parameter, rng: np.random.Generator) -> Array:
    """DCGAN's: N(0, 0.02) for convolutions, N(1, 0.02) for norm scales, else PyTorch's default.

    The sources select layers by the class names Conv and BatchNorm, so linear weights and every
    bias keep the framework's default.
    """
    if parameter.kind in ("conv", "conv_transpose"):
        return 0.02 * rng.standard_normal(parameter.shape)
    if parameter.kind == "norm_scale":
        return 1 + 0.02 * rng.standard_normal(parameter.shape)
    return uniform_fan_in(parameter, rng)


def glorot_uniform(parameter: Parameter, rng: np.random.Generator) -> Array:
    """Keras' default: U(±√(6 / (fan_in + fan_out))) for weights, zero biases."""
    if parameter.kind not in WEIGHTS:
        return np.zeros(parameter.shape)
    bound = sqrt(6 / (parameter.fan_in + parameter.fan_out))
    return bound * (2 * rng.random(parameter.shape) - 1)


def normal(parameter: Parameter, rng: np.random.Generator) -> Array:
    """gan_toy.py's: N(0, 0.02) for weights, zero biases."""
    if parameter.kind not in WEIGHTS:
        return np.zeros(parameter.shape)
    return 0.02 * rng.standard_normal(parameter.shape)


INITIALISERS: Mapping[str, Initialiser] = {
    "uniform_fan_in": uniform_fan_in,
    "dcgan": dcgan,
    "glorot_uniform": glorot_uniform,
    "normal": normal,
}
CONSTANTS = {"norm_scale": 1.0, "norm_shift": 0.0, "running_mean": 0.0, "running_variance": 1.0}


def initial_state(system: System, seed: int) -> dict[str, Array]:
    """Every tensor of the system in float64, by full name.

    A tensor's values depend on the seed, its name and its shape only, so adding a layer does not
    change the others. The exception are the vectors of the differentiable spectral norm, which
    start from power iterations on their layer's weight.
    """
    initialiser = INITIALISERS[system.initialiser]
    state = {p.full_name: _initial(p, initialiser, seed) for p in contract(system)}
    weights: dict[str, Parameter] = {}
    for parameter in contract(system):
        layer = parameter.full_name.rpartition(".")[0]
        if parameter.kind in WEIGHTS:
            weights[layer] = parameter
        elif parameter.kind == "spectral_v":
            _warm_up(state, layer, weights[layer])
    return state


def _initial(parameter: Parameter, initialiser: Initialiser, seed: int) -> Array:
    rng = generator_at(seed, "weights", parameter.full_name)
    if parameter.kind == "norm_scale" and initialiser is dcgan:
        return dcgan(parameter, rng)
    if parameter.kind in CONSTANTS:
        return np.full(parameter.shape, CONSTANTS[parameter.kind])
    if parameter.kind.startswith("spectral"):
        return rng.standard_normal(parameter.shape)
    return initialiser(parameter, rng)


def _warm_up(state: dict[str, Array], layer: str, weight: Parameter) -> None:
    matrix = as_matrix(state[weight.full_name], transposed=weight.kind == "conv_transpose")
    u, v = (normalise(state[f"{layer}.{name}"][0]) for name in ("u", "v"))
    for _ in range(WARM_UP):
        u, v = differentiable_iteration(matrix, v)
    state |= {f"{layer}.u": u[None], f"{layer}.v": v[None]}
