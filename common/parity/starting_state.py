"""The weights that a case starts from."""

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt

import numpy as np

from common.contract import WEIGHTS, Parameter, contract, network_contract
from common.contract.initialisers import initial_state
from common.parity.cases import Case
from common.streams import Array, generator_at

NORMAL_SPREAD = 0.02  # of the initialiser that is called normal
LARGE_MEAN = 1000.0  # times the spread that its layer's weights give to inputs of one


def starting_state(case: Case, seed: int) -> dict[str, Array]:
    """The system's initial weights; in the narrow cases nothing is left at zero or one.

    A bias of zero hides what is added before and after it: gradients of a ReLU network without
    biases hardly depend on where between a real and a fake sample the penalty looks. So biases
    move by normal draws as large as their layer's weights, scales and shifts of norms by a tenth
    of one, and running statistics are those of a network that has run. Weights of N(0, 0.02)
    without norms, made for wide layers, let nothing through narrow ones: they are brought to the
    size that keeps the spread of what passes.
    """
    initial = initial_state(case.system, seed)
    return varied(case, seed, initial) if case.is_varied else initial


def varied(case: Case, seed: int, state: dict[str, Array]) -> dict[str, Array]:
    """The state with biases, norms and running statistics as after some training."""
    state = state | _spreading(case, state)
    changed = dict(state)
    for parameter in contract(case.system):
        name = parameter.full_name
        draw = generator_at(seed, "varied", name).standard_normal(parameter.shape)
        match parameter.kind:
            case "bias":
                changed[name] = state[name] + np.sqrt(np.mean(weight_of(state, name) ** 2)) * draw
            case "norm_scale" | "norm_shift":
                changed[name] = state[name] + 0.1 * draw
            case "running_mean":
                changed[name] = 0.5 * draw
            case "running_variance":
                changed[name] = 0.5 + draw**2
    return changed


def _spreading(case: Case, state: dict[str, Array]) -> dict[str, Array]:
    """The weights of a network without norms, at the spread that keeps ReLU's inputs in size."""
    if case.system.initialiser != "normal":
        return {}
    weights = [p for p in contract(case.system) if p.kind in WEIGHTS]
    return {p.full_name: state[p.full_name] * sqrt(2 / p.fan_in) / NORMAL_SPREAD for p in weights}


def weight_of(state: dict[str, Array], bias: str) -> Array:
    """The weight of the layer that a bias belongs to."""
    return state[bias.removesuffix("bias") + "weight"]


def shifted_biases(case: Case, network: str) -> list[Parameter]:
    """The biases right in front of a batch norm, which a large mean can come from."""
    pairs = pairwise(network_contract(case.system, network))
    return [p for p, after in pairs if (p.kind, after.kind) == ("bias", "norm_scale")]


def with_large_means(state: dict[str, Array], biases: Sequence[Parameter]) -> dict[str, Array]:
    """The state with those biases so large that E[x²] − E[x]² loses the variance behind them."""
    shifted = dict(state)
    for bias in biases:
        weight = weight_of(state, bias.full_name)
        spread = np.sqrt(np.sum(weight**2) / bias.shape[0])
        shifted[bias.full_name] = np.full(bias.shape, LARGE_MEAN * spread)
    return shifted
