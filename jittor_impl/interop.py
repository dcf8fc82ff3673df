"""Convert canonical NumPy state to this framework's tensors and back, exactly."""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce

import jittor as jt
import numpy as np
from jittor import Var, nn
from jittor.optim import Optimizer

from common.contract import Parameter
from common.streams.step_inputs import Masks
from jittor_impl.device import chosen_dtype
from jittor_impl.layers import is_scalar


def to_native(array: np.ndarray) -> Var:
    """A canonical array (images as NCHW) as a tensor on this process's device, in its dtype."""
    return jt.array(np.asarray(array, dtype=chosen_dtype()))


def native_masks(**masks: Masks) -> dict[str, list[Var]]:
    """Dropout masks as keyword arguments; empty ones are left out."""
    return {name: [to_native(mask) for mask in each] for name, each in masks.items() if each}


def to_canonical(tensor: Var) -> np.ndarray:
    """A tensor (images in this framework's layout) as a canonical NumPy array."""
    array = np.array(tensor.numpy())
    return array.reshape(()) if is_scalar(tensor) else array


def load_network(
    network: nn.Module, parameters: Sequence[Parameter], state: Mapping[str, np.ndarray]
) -> None:
    """Overwrite the network's tensors with those of `state`, looked up by full name."""
    for parameter in parameters:
        _overwrite(_tensor(network, parameter), state[parameter.full_name])


def read_network(network: nn.Module, parameters: Sequence[Parameter]) -> dict[str, np.ndarray]:
    """The network's tensors by full name, in canonical layouts."""
    return {p.full_name: to_canonical(_tensor(network, p)) for p in parameters}


def read_gradients(
    gradients: Mapping[str, Var], network: nn.Module, parameters: Sequence[Parameter]
) -> dict[str, np.ndarray]:
    """The gradients of `discriminator_gradients` or `generator_gradients`, by full name."""
    return {p.full_name: to_canonical(gradients[p.name]) for p in parameters if p.trainable}


def read_outputs(
    outputs: Mapping[str, np.ndarray], parameters: Sequence[Parameter]
) -> dict[str, np.ndarray]:
    """The outputs of `layer_outputs` by the layers' full names, in canonical layouts."""
    return {p.full_layer: outputs[p.module] for p in parameters if p.module in outputs}


def load_slots(
    optimiser: Optimizer,
    network: nn.Module,
    parameters: Sequence[Parameter],
    slots: Mapping[str, np.ndarray],
) -> None:
    """Overwrite the optimiser's slots with "<slot>.<full name>" arrays, and its step count."""
    names = {name.partition(".")[0] for name in slots}
    for parameter, tensors in _slots(optimiser, network, parameters):
        for name in names.intersection(tensors):
            _overwrite(tensors[name], slots[f"{name}.{parameter.full_name}"])
    optimiser.count = int(slots.get("step", 0))


def read_slots(
    optimiser: Optimizer, network: nn.Module, parameters: Sequence[Parameter]
) -> dict[str, np.ndarray]:
    """The optimiser's slots as "<slot>.<full name>" arrays, and "step" if it counts (Adam)."""
    arrays = {
        f"{name}.{parameter.full_name}": to_canonical(tensor)
        for parameter, tensors in _slots(optimiser, network, parameters)
        for name, tensor in tensors.items()
    }
    if "first_moment" in optimiser.slots:
        arrays["step"] = np.asarray(float(optimiser.count))
    return arrays


def _tensor(network: nn.Module, parameter: Parameter) -> Var:
    return reduce(getattr, parameter.name.split("."), network)


def _overwrite(tensor: Var, array: np.ndarray) -> None:
    # Left lazy, an array of one element is fused into whatever reads it, and the broadcast of a
    # one-channel bias then fails to compile.
    tensor.update(to_native(array)).sync(False, False)


def _slots(
    optimiser: Optimizer, network: nn.Module, parameters: Sequence[Parameter]
) -> Iterator[tuple[Parameter, dict[str, Var]]]:
    (group,) = optimiser.param_groups
    position = {id(tensor): index for index, tensor in enumerate(group["params"])}
    for parameter in parameters:
        if parameter.trainable:
            index = position[id(_tensor(network, parameter))]
            yield parameter, {name: group[name][index] for name in optimiser.slots}
