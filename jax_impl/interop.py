"""Convert canonical NumPy state to this framework's tensors and back, exactly."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import reduce
from typing import Any
from unittest.mock import patch

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from common.contract import WEIGHTS, Parameter
from common.contract.layouts import (
    output_to_channels_first,
    to_channels_first,
    to_channels_last,
)
from common.streams.step_inputs import Masks
from jax_impl.parallel import replicate

_LEAVES = {
    "linear": "kernel",
    "conv": "kernel",
    "conv_transpose": "kernel",
    "bias": "bias",
    "norm_scale": "scale",
    "norm_shift": "bias",
    "running_mean": "mean",
    "running_variance": "var",
    "spectral_u": "u",
    "spectral_v": "v",
}
# Fields of the states of _scale_by_adam, optax.scale_by_rms and optax.trace.
_SLOTS = {
    "first_moment": "first_moment",
    "second_moment": "second_moment",
    "square_average": "nu",
    "momentum": "trace",
}


def to_native(array: np.ndarray) -> jax.Array:
    """A canonical array (images as NCHW) as a tensor on this process's device, in its dtype."""
    if np.ndim(array) == 4:
        array = np.transpose(array, (0, 2, 3, 1))
    # `float` is float64 under x64 and else float32; jnp.asarray might share the array's memory.
    return jnp.array(array, dtype=float)


def native_masks(**masks: Masks) -> dict[str, list[jax.Array]]:
    """Dropout masks as keyword arguments; empty ones are left out."""
    return {name: [to_native(mask) for mask in each] for name, each in masks.items() if each}


def to_canonical(tensor: jax.Array) -> np.ndarray:
    """A tensor (images in this framework's layout) as a canonical NumPy array."""
    array = np.asarray(tensor)
    return np.array(array.transpose(0, 3, 1, 2) if array.ndim == 4 else array, order="C")


def load_network(
    network: nnx.Module, parameters: Sequence[Parameter], state: Mapping[str, np.ndarray]
) -> None:
    """Overwrite the network's tensors with those of `state`, looked up by full name."""
    values = {_path(p): _native(p, state[p.full_name]) for p in parameters}
    nnx.update(network, nnx.from_flat_state(values))
    replicate(network)


def read_network(network: nnx.Module, parameters: Sequence[Parameter]) -> dict[str, np.ndarray]:
    """The network's tensors by full name, in canonical layouts."""
    return {p.full_name: _read(network, p) for p in parameters}


def read_gradients(
    gradients: nnx.State, network: nnx.Module, parameters: Sequence[Parameter]
) -> dict[str, np.ndarray]:
    """The gradients of `discriminator_gradients` or `generator_gradients`, by full name."""
    return {p.full_name: _read(gradients, p) for p in parameters if p.trainable}


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
    optimiser: nnx.Optimizer,
    network: nnx.Module,
    parameters: Sequence[Parameter],
    slots: Mapping[str, np.ndarray],
) -> None:
    """Overwrite the optimiser's slots with "<slot>.<full name>" arrays, and its step count."""
    trainable = [p for p in parameters if p.trainable]
    names = {name.partition(".")[0] for name in slots} - {"step"}
    for name, moments in _moments(optimiser):
        if name in names:
            for parameter in trainable:
                values = _native(parameter, slots[f"{name}.{parameter.full_name}"])
                _variable(moments, parameter)[...] = values
    count = int(slots.get("step", 0))
    for counter in (optimiser.step, *_counters(optimiser)):
        counter[...] = jnp.array(count, counter[...].dtype)
    replicate(optimiser)


def read_slots(
    optimiser: nnx.Optimizer, network: nnx.Module, parameters: Sequence[Parameter]
) -> dict[str, np.ndarray]:
    """The optimiser's slots as "<slot>.<full name>" arrays, and "step" if it counts (Adam)."""
    arrays = {
        f"{name}.{parameter.full_name}": _read(moments, parameter)
        for name, moments in _moments(optimiser)
        for parameter in parameters
        if parameter.trainable
    }
    for counter in _counters(optimiser):
        arrays["step"] = np.asarray(float(counter[...]))
    return arrays


def _path(parameter: Parameter) -> tuple[str | int, ...]:
    names = parameter.module.split(".")
    return (*(int(n) if n.isdigit() else n for n in names), _LEAVES[parameter.kind])


def _variable(tree: nnx.Module | nnx.State, parameter: Parameter) -> nnx.Variable:
    return reduce(_child, _path(parameter), tree)


def _child(tree: Any, name: str | int) -> Any:
    return tree[name] if isinstance(name, int) else getattr(tree, name)


def _native(parameter: Parameter, values: np.ndarray) -> jax.Array:
    return jnp.array(to_channels_last(parameter, values), dtype=float)


def _read(tree: nnx.Module | nnx.State, parameter: Parameter) -> np.ndarray:
    values = np.asarray(_variable(tree, parameter)[...])
    return np.array(to_channels_first(parameter, values), order="C")


def _moments(optimiser: nnx.Optimizer) -> Iterator[tuple[str, nnx.State]]:
    for name, field in _SLOTS.items():
        for part in _parts(optimiser.opt_state):
            if field in part._fields:
                yield name, getattr(part, field)


def _counters(optimiser: nnx.Optimizer) -> Iterator[nnx.Variable]:
    return (part.step for part in _parts(optimiser.opt_state) if "step" in part._fields)


def _parts(state: Any) -> Iterator[Any]:
    """The named tuples inside the nested state of optax.chain."""
    if hasattr(state, "_fields"):
        yield state
    else:
        for part in state:
            yield from _parts(part)


@contextmanager
def kept_outputs(network: nnx.Module) -> Iterator[dict[str, jax.Array]]:
    """What each layer with parameters of its own gives at its first call, by its dotted name.

    Within a compiled function too, where the network and the outputs are traced.
    """
    outputs: dict[str, jax.Array] = {}
    layers = {
        id(layer): (".".join(map(str, path)), type(layer))
        for path, layer in nnx.iter_graph(network)
        if isinstance(layer, nnx.Module) and nnx.Param in map(type, vars(layer).values())
    }

    def keeping(kind: type, call: Callable[..., jax.Array]) -> Callable[..., jax.Array]:
        def kept(layer: nnx.Module, *inputs: Any, **options: Any) -> jax.Array:
            output = call(layer, *inputs, **options)
            name, own = layers.get(id(layer), ("", None))
            if own is kind:  # otherwise a part of its own call, or a layer of another network
                outputs.setdefault(name, output)
            return output

        return kept

    with ExitStack() as undo:
        for kind in {kind for _, kind in layers.values()}:
            call = keeping(kind, kind.__call__)
            undo.enter_context(patch.object(kind, "__call__", call))
        yield outputs
