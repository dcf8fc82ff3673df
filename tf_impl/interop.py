"""Convert canonical NumPy state to this framework's tensors and back, exactly."""

from collections.abc import Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf

from common.contract import WEIGHTS, Parameter
from common.contract.layouts import (
    output_to_channels_first,
    to_channels_first,
    to_channels_last,
)
from common.streams.step_inputs import Masks
from tf_impl.device import chosen_device

_LEAVES = {
    "linear": "kernel",
    "conv": "kernel",
    "conv_transpose": "kernel",
    "bias": "bias",
    "norm_scale": "gamma",
    "norm_shift": "beta",
    "running_mean": "moving_mean",
    "running_variance": "moving_variance",
    "spectral_u": "u",
    "spectral_v": "v",
}
_SLOTS = {
    "first_moment": "first_moments",
    "second_moment": "second_moments",
    "square_average": "square_averages",
    "momentum": "momenta",
}


def to_native(array: np.ndarray) -> tf.Tensor:
    """A canonical array (images as NCHW) as a tensor on this process's device, in its dtype."""
    with tf.device(chosen_device()):
        return tf.constant(native_values(array))


def native_values(array: np.ndarray) -> np.ndarray:
    """A canonical array in this framework's layout and this process's dtype."""
    values = np.asarray(array, dtype=keras.config.floatx())
    return values.transpose(0, 2, 3, 1) if values.ndim == 4 else values


def native_masks(**masks: Masks) -> dict[str, list[tf.Tensor]]:
    """Dropout masks as keyword arguments; empty ones are left out."""
    # tf.function also processes empty lists, which takes a tenth of the smallest step.
    return {name: [to_native(mask) for mask in each] for name, each in masks.items() if each}


def to_canonical(tensor: tf.Tensor) -> np.ndarray:
    """A tensor (images in this framework's layout) as a canonical NumPy array."""
    # .numpy() may share the tensor's memory.
    values = tensor.numpy()
    return np.array(values.transpose(0, 3, 1, 2) if values.ndim == 4 else values, order="C")


def load_network(
    network: keras.Model, parameters: Sequence[Parameter], state: Mapping[str, np.ndarray]
) -> None:
    """Overwrite the network's tensors with those of `state`, looked up by full name."""
    for parameter in parameters:
        _write(_variable(network, parameter), parameter, state[parameter.full_name])


def read_network(network: keras.Model, parameters: Sequence[Parameter]) -> dict[str, np.ndarray]:
    """The network's tensors by full name, in canonical layouts."""
    return {p.full_name: _read(_variable(network, p), p) for p in parameters}


def read_gradients(
    gradients: Sequence[tf.Tensor], network: keras.Model, parameters: Sequence[Parameter]
) -> dict[str, np.ndarray]:
    """The gradients of `discriminator_gradients` or `generator_gradients`, by full name."""
    positions = _positions(network, parameters)
    return {p.full_name: _read(gradients[position], p) for p, position in positions}


def read_outputs(
    outputs: Mapping[str, np.ndarray], parameters: Sequence[Parameter]
) -> dict[str, np.ndarray]:
    """The outputs of `layer_outputs` by the layers' full names, in canonical layouts."""
    return {
        p.full_layer: output_to_channels_first(p, outputs[p.module])
        for p in parameters
        if p.module in outputs and p.kind in (*WEIGHTS, "norm_scale")
    }


def load_slots(
    optimiser: keras.optimizers.Optimizer,
    network: keras.Model,
    parameters: Sequence[Parameter],
    slots: Mapping[str, np.ndarray],
) -> None:
    """Overwrite the optimiser's slots with "<slot>.<full name>" arrays, and its step count."""
    names = sorted({name.partition(".")[0] for name in slots} - {"step"})
    for parameter, position in _positions(network, parameters):
        for name in names:
            variable = getattr(optimiser, _SLOTS[name])[position]
            _write(variable, parameter, slots[f"{name}.{parameter.full_name}"])
    optimiser.iterations.assign(int(slots.get("step", np.zeros(()))))


def read_slots(
    optimiser: keras.optimizers.Optimizer, network: keras.Model, parameters: Sequence[Parameter]
) -> dict[str, np.ndarray]:
    """The optimiser's slots as "<slot>.<full name>" arrays, and "step" if it counts (Adam)."""
    arrays = {}
    for parameter, position in _positions(network, parameters):
        for name, attribute in _SLOTS.items():
            if variables := getattr(optimiser, attribute, []):
                variable = variables[position]
                arrays[f"{name}.{parameter.full_name}"] = _read(variable, parameter)
    if hasattr(optimiser, "first_moments"):
        arrays["step"] = np.asarray(float(optimiser.iterations.numpy()))
    return arrays


def _variable(network: keras.Model, parameter: Parameter) -> keras.Variable:
    layer = network
    for name in parameter.module.split("."):
        layer = layer[int(name)] if name.isdigit() else getattr(layer, name)
    return getattr(layer, _LEAVES[parameter.kind])


def _positions(
    network: keras.Model, parameters: Sequence[Parameter]
) -> list[tuple[Parameter, int]]:
    # Gradients and slots are in the order of trainable_variables, which is Keras' own.
    order = {id(variable): i for i, variable in enumerate(network.trainable_variables)}
    return [(p, order[id(_variable(network, p))]) for p in parameters if p.trainable]


def _write(variable: keras.Variable, parameter: Parameter, values: np.ndarray) -> None:
    variable.assign(to_channels_last(parameter, values))


def _read(tensor: tf.Tensor | keras.Variable, parameter: Parameter) -> np.ndarray:
    return np.array(to_channels_first(parameter, tensor.numpy()), order="C")
