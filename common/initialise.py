"""Initial weights from the contract, each source's own rule, one stream per (seed, name)."""

from collections.abc import Callable, Mapping
from math import sqrt

import numpy as np

from common.catalogue import System
from common.contract import Parameter, contract
from common.streams import Array, generator_at

Rule = Callable[[Parameter, np.random.Generator], Array]


def uniform_fan_in(parameter: Parameter, rng: np.random.Generator) -> Array:
    """PyTorch's and Jittor's default: U(±1/√fan_in) for weights and for biases."""
    bound = 1 / sqrt(parameter.fan_in)
    return bound * (2 * rng.random(parameter.shape) - 1)


RULES: Mapping[str, Rule] = {"uniform_fan_in": uniform_fan_in}
CONSTANTS = {"norm_scale": 1.0, "norm_shift": 0.0, "running_mean": 0.0, "running_variance": 1.0}


def initial_state(system: System, seed: int) -> dict[str, Array]:
    """Every tensor of the row in float64, by full name.

    A tensor's values depend on the seed, its own name and shape, and nothing else: adding a
    layer changes no other.
    """
    rule = RULES[system.initialiser]
    return {p.full_name: _initial(p, rule, seed) for p in contract(system)}


def _initial(parameter: Parameter, rule: Rule, seed: int) -> Array:
    if parameter.kind in CONSTANTS:
        return np.full(parameter.shape, CONSTANTS[parameter.kind])
    return rule(parameter, generator_at(seed, "weights", parameter.full_name))
