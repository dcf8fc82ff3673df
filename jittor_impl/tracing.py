"""Look inside a network while it trains: what each layer, gradient and update comes to."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

import jittor as jt
import numpy as np
from jittor import Var, nn
from jittor.optim import SGD, Optimizer

# Given a phase, a name and values; what it returns, unless None, takes their place.
Tell = Callable[[str, str, np.ndarray], np.ndarray | None]
Networks = Mapping[str, nn.Module]
Optimisers = Mapping[str, Optimizer]
SLOTS = {"m": "first_moment", "values": "second_moment", "square_average": "second_moment"}


def use_dtype(dtype: str) -> None:
    """Compute in "float32" or "float64" wherever no type is named."""
    # Unless this is 0, every float64 array is converted to float32 when it is passed in.
    jt.flags.auto_convert_64_to_32 = int(dtype == "float32")


def is_network(value: Any) -> bool:
    """Whether it is a network of this framework."""
    return isinstance(value, nn.Module)


def is_optimiser(value: Any) -> bool:
    """Whether it is an optimiser of this framework."""
    return isinstance(value, Optimizer)


def is_array(value: Any) -> bool:
    """Whether it is an array of this framework."""
    return isinstance(value, Var)


def to_numpy(tensor: Var) -> np.ndarray:
    """A copy of the values, in their own type."""
    # NumPy has no bfloat16.
    return np.array((tensor.float32() if tensor.dtype == "bfloat16" else tensor).numpy())


def replaced(tensor: Var, values: np.ndarray) -> Var:
    """The values in the tensor's place: gradients go on to what computed the tensor."""
    return _Probe(lambda gradient: gradient, _native(values, tensor))(tensor)


@contextmanager
def watched(networks: Networks, optimisers: Optimisers, tell: Tell) -> Iterator[None]:
    """Tell each layer's output, the gradient there, and the gradients that optimisers take.

    Layers come in forward order under their names in the network, after its own if there are
    several: "conv1", "generator.conv1"; "conv1#2" for a second call. A layer with parameters first
    tells its input, "conv1/input". Phases are "forward" and "backward". Nothing that is computed
    changes, unless `tell` returns values; but what is read is not fused
    with what follows, which rounds otherwise: nothing is (jt.flags.no_fuse is 1 meanwhile).
    """
    watch, names = _Watch(networks, tell), {id(each): name for _, name, each in _tensors(networks)}
    with ExitStack() as hooks:
        hooks.enter_context(jt.flag_scope(no_fuse=1))
        hooks.callback(jt.sync_all)  # what has not been read yet
        for network, prefix in _prefixed(networks):
            for path, layer in network.named_modules():
                # A module holds one hook, which may be the user's.
                name, execute = _joined(prefix, path) or "output", layer.execute
                execute = partial(watch.layer, name, execute, _has_parameters(layer))
                hooks.enter_context(patch.object(layer, "execute", execute))
        for optimiser in optimisers.values():
            pre_step = partial(watch.optimiser, names, optimiser, optimiser.pre_step)
            hooks.enter_context(patch.object(optimiser, "pre_step", pre_step))
        yield


def read_state(networks: Networks, optimisers: Optimisers) -> Iterator[tuple[str, str, np.ndarray]]:
    """Phase, name and values of parameters and slots ("update") and buffers ("statistics").

    A slot is named after its parameter: "conv1.weight/first_moment".
    """
    for phase, name, tensor in _state(networks, optimisers):
        yield phase, name, to_numpy(tensor)


def write_state(
    networks: Networks, optimisers: Optimisers, values: Mapping[str, np.ndarray]
) -> None:
    """Overwrite the parameters, slots and buffers that are named."""
    for _, name, tensor in _state(networks, optimisers):
        if name in values:
            tensor.update(_native(values[name], tensor))


class _Probe(jt.Function):
    """A tensor, or values in its place, whose gradient goes through a function."""

    def __init__(self, told: Callable[[Var], Var], values: Var | None = None) -> None:
        self.told, self.values = told, values

    def execute(self, tensor: Var) -> Var:
        return tensor if self.values is None else self.values

    def grad(self, gradient: Var | None) -> Var | None:
        # Without a path from the loss there is none.
        return None if gradient is None else self.told(gradient)


class _Watch:
    def __init__(self, networks: Networks, tell: Tell) -> None:
        self.tell, self.calls, self.roots = tell, Counter[str](), {"output", *networks}
        self.last: Any = None

    def layer(self, name: str, execute: Any, owner: bool, *args: Any, **options: Any) -> Any:
        if owner and args and isinstance(args[0], Var) and args[0].dtype.is_float():
            instead = self.tell("forward", self._numbered(f"{name}/input"), to_numpy(args[0]))
            args = args if instead is None else (replaced(args[0], instead), *args[1:])
        output = execute(*args, **options)
        if name in self.roots or output is not self.last:
            self.last = self._output(self._numbered(name), output)
        return self.last

    def optimiser(
        self, names: Mapping[int, str], optimiser: Optimizer, pre_step: Any, *args: Any, **how: Any
    ) -> None:
        """The gradients that an optimiser is about to take."""
        pre_step(*args, **how)
        for group in optimiser.param_groups:
            for parameter, gradient in zip(group["params"], group["grads"], strict=True):
                if id(parameter) in names and not parameter.is_stop_grad():
                    name = self._numbered(names[id(parameter)])
                    gradient.update(self._gradient(name, gradient))

    def _output(self, name: str, output: Any) -> Any:
        """The output, once it is told; tuples and lists are told in parts."""
        if isinstance(output, tuple | list):
            parts = [self._output(f"{name}.{i}", part) for i, part in enumerate(output)]
            return type(output)(*parts) if hasattr(output, "_fields") else type(output)(parts)
        if not isinstance(output, Var) or not output.dtype.is_float():
            return output
        instead = self.tell("forward", name, to_numpy(output))
        values = None if instead is None else _native(instead, output)
        return _Probe(partial(self._gradient, name), values)(output)

    def _gradient(self, name: str, gradient: Var) -> Var:
        instead = self.tell("backward", name, to_numpy(gradient))
        return gradient if instead is None else replaced(gradient, instead)

    def _numbered(self, name: str) -> str:
        self.calls[name] += 1
        return name if self.calls[name] == 1 else f"{name}#{self.calls[name]}"


def _native(values: np.ndarray, like: Var) -> Var:
    native = jt.array(values).cast(like.dtype)
    native.sync(False, False)  # a lazy array of one element may be fused into a faulty kernel
    return native


def _state(networks: Networks, optimisers: Optimisers) -> Iterator[tuple[str, str, Var]]:
    tensors = [*_tensors(networks)]
    names = {id(tensor): name for phase, name, tensor in tensors if phase == "update"}
    yield from (each for each in tensors if each[0] == "update")
    for optimiser in optimisers.values():
        for group in optimiser.param_groups:
            for slot, column in group.items():
                # SGD and RMSprop have one name for what they keep.
                plain = slot == "values" and isinstance(optimiser, SGD)
                name = "momentum" if plain else SLOTS.get(slot, slot)
                own = slot not in ("params", "grads") and isinstance(column, list)
                for parameter, tensor in zip(group["params"], column if own else (), strict=False):
                    if id(parameter) in names:
                        yield "update", f"{names[id(parameter)]}/{name}", tensor
    yield from (each for each in tensors if each[0] == "statistics")


def _tensors(networks: Networks) -> Iterator[tuple[str, str, Var]]:
    """Phase, name and tensor; Jittor lists running statistics as parameters without gradients."""
    for network, prefix in _prefixed(networks):
        # In evaluation mode no parameter has gradients.
        backup = getattr(network, "backup_grad_state", {})
        for path, tensor in network.named_parameters():
            trained = not tensor.is_stop_grad() or backup.get(id(tensor), False)
            if tensor.dtype.is_float():
                yield "update" if trained else "statistics", _joined(prefix, path), tensor


def _prefixed(networks: Networks) -> Iterator[tuple[nn.Module, str]]:
    return ((network, name if len(networks) > 1 else "") for name, network in networks.items())


def _has_parameters(layer: nn.Module) -> bool:
    return any(isinstance(value, Var) for value in vars(layer).values())


def _joined(prefix: str, path: str) -> str:
    return ".".join(filter(None, (prefix, path)))
