"""How far a step in fast precision is from the same step in float32."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.backends import Backend
from common.contract import network_contract
from common.streams.step_inputs import StepInputs
from common.systems import System


@dataclass(frozen=True)
class Divergence:
    """The discriminator's loss in both precisions, and the error of the first gradients."""

    exact_loss: float
    fast_loss: float
    gradient_error: float  # the larger network's, ‖fast − exact‖ / ‖exact‖ over all parameters


def divergence(
    backend: Backend, system: System, exact: Any, fast: Any, inputs: StepInputs
) -> Divergence:
    """Compare the first losses and gradients of two GANs that hold the same weights."""
    exact_loss, exact_gradients = _first_update(backend, system, exact, inputs)
    fast_loss, fast_gradients = _first_update(backend, system, fast, inputs)
    errors = [_error(fast_gradients[name], exact_gradients[name]) for name in exact_gradients]
    return Divergence(exact_loss, fast_loss, max(errors))


def _first_update(
    backend: Backend, system: System, gan: Any, inputs: StepInputs
) -> tuple[float, dict[str, Mapping[str, NDArray[Any]]]]:
    probes, read = backend.probes, backend.interop.read_gradients
    loss, _, of_discriminator = probes.first_discriminator_gradients(gan, inputs)
    value = float(backend.interop.to_canonical(loss))
    _, of_generator = probes.first_generator_gradients(gan, inputs)
    gradients = {"discriminator": of_discriminator, "generator": of_generator}
    return value, {
        name: read(of, getattr(gan, name), network_contract(system, name))
        for name, of in gradients.items()
    }


def _error(actual: Mapping[str, NDArray[Any]], expected: Mapping[str, NDArray[Any]]) -> float:
    """The relative error of all gradients of one network, as one long vector."""
    difference = sum(np.square(actual[name] - of).sum(dtype=float) for name, of in expected.items())
    length = sum(np.square(of).sum(dtype=float) for of in expected.values())
    return float(np.sqrt(difference / length))
