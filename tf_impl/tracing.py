"""Look inside a network while it trains: what each layer, gradient and update comes to."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

import keras
import numpy as np
import tensorflow as tf
from keras.optimizers import Optimizer

# Given a phase, a name and values; what it returns, unless None, takes their place.
Tell = Callable[[str, str, np.ndarray], np.ndarray | None]
Networks = Mapping[str, keras.Layer]
Optimisers = Mapping[str, Optimizer]
SLOTS = {"velocity": "second_moment", "square_average": "second_moment"}


def use_dtype(dtype: str) -> None:
    """Compute in "float32" or "float64" wherever no type is named."""
    keras.utils.clear_session()  # the layers of the next model have the names of the last one's
    keras.config.set_floatx(dtype)  # which layers' policy ignores once it has been read
    keras.config.set_dtype_policy(dtype)


def is_network(value: Any) -> bool:
    """Whether it is a network of this framework."""
    return isinstance(value, keras.Layer)


def is_optimiser(value: Any) -> bool:
    """Whether it is an optimiser of this framework."""
    return isinstance(value, Optimizer)


def is_array(value: Any) -> bool:
    """Whether it is an array of this framework."""
    return isinstance(value, tf.Tensor | tf.Variable | keras.Variable)


def to_numpy(tensor: tf.Tensor) -> np.ndarray:
    """A copy of the values, in their own type."""
    values = tf.convert_to_tensor(tensor)  # also of a variable, or of a table's sparse gradient
    # NumPy has no bfloat16.
    return np.array(tf.cast(values, tf.float32) if values.dtype == tf.bfloat16 else values)


def replaced(tensor: tf.Tensor, values: np.ndarray) -> tf.Tensor:
    """The values in the tensor's place: gradients go on to what computed the tensor."""
    return tf.custom_gradient(lambda _: (tf.cast(values, tensor.dtype), lambda up: up))(tensor)


@contextmanager
def watched(networks: Networks, optimisers: Optimisers, tell: Tell) -> Iterator[None]:
    """Tell each layer's output, the gradient there, and the gradients that optimisers take.

    Layers come in forward order under their names in the network, after its own if there are
    several: "conv1", "generator.conv1"; "conv1#2" for a second call. A layer with parameters first
    tells its input, "conv1/input". Phases: "forward", "backward". Only `tell` changes anything.
    """
    watch, call, apply = _Watch(networks, tell), keras.Operation.__call__, Optimizer.apply

    def told_call(layer: keras.Operation, *args: Any, **kwargs: Any) -> Any:
        own = vars(layer).get("activation", keras.activations.linear)
        kernels = {"kernel", "recurrent_kernel"} & {*dir(layer)}
        inside = own is not keras.activations.linear and kernels == {"kernel"}
        told = {"activation": lambda values: own(watch.layer(layer, values))} if inside else {}
        with patch.dict(vars(layer), told):  # the output is what enters a layer's own activation
            output = call(layer, *watch.input(layer, args), **kwargs)
        return output if inside else watch.layer(layer, output)

    def told_apply(optimiser: Optimizer, grads: Any, trainable_variables: Any = None) -> None:
        grads = [*watch.optimiser(optimiser, grads, trainable_variables)]
        apply(optimiser, grads, trainable_variables)

    with ExitStack() as hooks:
        # Inside Layer.__call__, which goes on to give the output its mask.
        hooks.enter_context(patch.object(keras.Operation, "__call__", told_call))
        hooks.enter_context(patch.object(Optimizer, "apply", told_apply))
        hooks.callback(tf.config.run_functions_eagerly, tf.config.functions_run_eagerly())
        tf.config.run_functions_eagerly(True)  # also steps that are compiled already
        yield


def read_state(networks: Networks, optimisers: Optimisers) -> Iterator[tuple[str, str, np.ndarray]]:
    """Phase, name and values of parameters and slots ("update") and buffers ("statistics").

    A slot is named after its parameter: "conv1.kernel/first_moment".
    """
    return ((phase, name, to_numpy(x)) for phase, name, x in _state(networks, optimisers))


def write_state(networks: Networks, optimisers: Optimisers, values: Mapping[str, Any]) -> None:
    """Overwrite the parameters, slots and buffers that are named."""
    for _, name, variable in _state(networks, optimisers):
        if name in values:
            variable.assign(values[name])


class _Watch:
    def __init__(self, networks: Networks, tell: Tell) -> None:
        self.networks, self.tell, self.calls, self.last = networks, tell, Counter[str](), None
        self.names = {id(each): path or "output" for path, each in _layers(networks)}

    def input(self, layer: keras.Operation, inputs: Any) -> Any:
        name = self.names.get(id(layer)) if getattr(layer, "_trainable_variables", ()) else None
        if name and inputs and tf.executing_eagerly() and tf.is_tensor(inputs[0]):
            instead = self.tell("forward", self._numbered(f"{name}/input"), to_numpy(inputs[0]))
            inputs = inputs if instead is None else (replaced(inputs[0], instead), *inputs[1:])
        return inputs

    def layer(self, layer: keras.Operation, output: Any) -> Any:
        if id(layer) not in self.names:  # a layer may be made in another's first call
            self.names = {id(each): path or "output" for path, each in _layers(self.networks)}
        real = tf.executing_eagerly() and any(map(tf.is_tensor, keras.tree.flatten(output)))
        name = self.names.get(id(layer)) if real else None  # Keras also builds layers on symbols
        if name and (name in ("output", *self.networks) or output is not self.last):
            output = self.last = self._output(self._numbered(name), output)
        return output

    def optimiser(self, optimiser: Optimizer, grads: Any, variables: Any) -> Iterator[Any]:
        names = {id(variable): name for _, name, variable in _variables(self.networks)}
        for grad, variable in zip(grads, variables or optimiser._trainable_variables, strict=True):
            if id(variable) in names:
                some = tf.zeros_like(variable) if grad is None else grad
                told = self._gradient(self._numbered(names[id(variable)]), some)
                grad = grad if told is some else told  # what has no gradient keeps none
            yield grad

    def _output(self, name: str, output: Any) -> Any:
        if isinstance(output, tuple | list):
            parts = [self._output(f"{name}.{i}", part) for i, part in enumerate(output)]
            return type(output)(*parts) if hasattr(output, "_fields") else type(output)(parts)
        if not isinstance(output, tf.Tensor) or not output.dtype.is_floating:
            return output
        instead = self.tell("forward", name, to_numpy(output))
        output = output if instead is None else replaced(output, instead)
        return tf.custom_gradient(lambda values: (values, partial(self._gradient, name)))(output)

    def _gradient(self, name: str, gradient: Any) -> Any:
        eager = tf.executing_eagerly()  # a Jacobian is computed by symbols
        instead = self.tell("backward", name, to_numpy(gradient)) if eager else None
        return gradient if instead is None else replaced(tf.convert_to_tensor(gradient), instead)

    def _numbered(self, name: str) -> str:
        self.calls[name] += 1
        return name if self.calls[name] == 1 else f"{name}#{self.calls[name]}"


def _state(networks: Networks, optimisers: Optimisers) -> Iterator[tuple[str, str, Any]]:
    variables = [*_variables(networks)]
    names = {id(variable): name for _, name, variable in variables}
    yield from (each for each in variables if each[0] == "update")
    for optimiser in optimisers.values():
        for parameter, variable in _slots(optimiser):
            slot = variable.name.removeprefix(parameter.path.replace("/", "_") + "_")
            adam = hasattr(optimiser, "beta_1")  # which calls its first moments as SGD its momentum
            slot = "first_moment" if adam and slot == "momentum" else SLOTS.get(slot, slot)
            yield "update", f"{names.get(id(parameter), '?')}/{slot}", variable
    yield from (each for each in variables if each[0] == "statistics")


def _slots(optimiser: Optimizer) -> Iterator[tuple[Any, Any]]:
    parameters = optimiser._trainable_variables  # in the order of the lists of slots
    lists = (column for column in vars(optimiser).values() if isinstance(column, list))
    for column in (column for column in lists if len(column) == len(parameters)):
        for parameter, slot in zip(parameters, column, strict=True):
            if is_array(slot) and slot is not parameter and slot.shape == parameter.shape:
                yield parameter, slot


def _variables(networks: Networks) -> Iterator[tuple[str, str, Any]]:
    for path, layer in _layers(networks):
        own = {id(value): name for name, value in vars(layer).items() if not name.startswith("_")}
        for each in (*layer._trainable_variables, *layer._non_trainable_variables):
            if tf.as_dtype(each.dtype).is_floating:
                trained = any(each is parameter for parameter in layer._trainable_variables)
                phase = "update" if trained else "statistics"
                yield phase, f"{path}.{own.get(id(each), each.name)}".lstrip("."), each


def _layers(networks: Networks) -> Iterator[tuple[str, keras.Layer]]:
    seen = set[int]()
    waiting = [(name if len(networks) > 1 else "", each) for name, each in networks.items()][::-1]
    while waiting:
        path, value = waiting.pop()
        inside: Iterable[tuple[Any, Any]] = ()
        if isinstance(value, keras.Layer) and id(value) not in seen:
            seen.add(id(value))
            yield path, value
            # Keras' own lists are private. Functional models have names of layers alone.
            own = [(name, part) for name, part in vars(value).items() if name != "_functional"]
            inside = [each for each in own if each[0][0] != "_" or is_network(each[1])]
            inside += [(layer.name, layer) for layer in value._layers]
        elif isinstance(value, dict | list | tuple):
            inside = value.items() if isinstance(value, dict) else enumerate(value)
        waiting += reversed([(f"{path}.{name}".lstrip("."), part) for name, part in inside])
