"""Look inside a network while it trains: what each layer, gradient and update comes to."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

# Given a phase, a name and values; what it returns, unless None, takes their place.
Tell = Callable[[str, str, np.ndarray], np.ndarray | None]
Networks = Mapping[str, nn.Module]
Optimisers = Mapping[str, Optimizer]
SLOTS = {
    "exp_avg": "first_moment",
    "exp_avg_sq": "second_moment",
    "square_avg": "second_moment",
    "momentum_buffer": "momentum",
}


def use_dtype(dtype: str) -> None:
    """Compute in "float32" or "float64" wherever no type is named."""
    torch.set_default_dtype(getattr(torch, dtype))


def is_network(value: Any) -> bool:
    """Whether it is a network of this framework."""
    return isinstance(value, nn.Module)


def is_optimiser(value: Any) -> bool:
    """Whether it is an optimiser of this framework."""
    return isinstance(value, Optimizer)


def is_array(value: Any) -> bool:
    """Whether it is an array of this framework."""
    return isinstance(value, Tensor)


def to_numpy(tensor: Tensor) -> np.ndarray:
    """A copy of the values, in their own type."""
    values = tensor.detach().cpu()
    # NumPy has no bfloat16.
    return (values.float() if values.dtype == torch.bfloat16 else values).numpy().copy()


def replaced(tensor: Tensor, values: np.ndarray) -> Tensor:
    """The values in the tensor's place: gradients go on to what computed the tensor."""
    # A fused optimiser takes for granted that a gradient is laid out as its parameter.
    return _Replaced.apply(tensor, torch.empty_like(tensor).copy_(torch.as_tensor(values)))


class _Replaced(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, tensor: Tensor, values: Tensor) -> Tensor:
        return values.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient, None


@contextmanager
def watched(networks: Networks, optimisers: Optimisers, tell: Tell) -> Iterator[None]:
    """Tell each layer's output, the gradient there, and the gradients that optimisers take.

    Layers come in forward order under their names in the network, after its own if there are
    several: "conv1", "generator.conv1"; "conv1#2" for a second call. A layer with parameters first
    tells its input, "conv1/input". Phases are "forward" and "backward". Nothing that is computed
    changes, unless `tell` returns values.
    """
    watch, names = _Watch(networks, tell), _parameter_names(networks)
    with ExitStack() as hooks:
        for network, prefix in _prefixed(networks):
            for path, layer in network.named_modules():
                name = _joined(prefix, path) or "output"
                if layer._parameters:
                    hook = partial(watch.input, name)
                    hooks.callback(layer.register_forward_pre_hook(hook).remove)
                hook = partial(watch.layer, name)
                hooks.callback(layer.register_forward_hook(hook).remove)
        for optimiser in optimisers.values():
            hook = partial(watch.optimiser, names)
            hooks.callback(optimiser.register_step_pre_hook(hook).remove)
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
            with torch.no_grad():
                tensor.copy_(torch.as_tensor(values[name]))


class _Watch:
    def __init__(self, networks: Networks, tell: Tell) -> None:
        self.tell, self.calls, self.roots = tell, Counter[str](), {"output", *networks}
        self.last: Any = None  # the output that was told last
        self.version = 0

    def input(self, name: str, layer: nn.Module, inputs: Any) -> Any:
        """What a layer is given, of which only the first is told."""
        if not inputs or not isinstance(inputs[0], Tensor) or not inputs[0].is_floating_point():
            return inputs
        instead = self.tell("forward", self._numbered(f"{name}/input"), to_numpy(inputs[0]))
        return inputs if instead is None else (replaced(inputs[0], instead), *inputs[1:])

    def layer(self, name: str, layer: nn.Module, inputs: Any, output: Any) -> Any:
        """The output of a layer; that of a container may be its last layer's, which is known."""
        # An operation in place returns its input, in a new version.
        version = getattr(output, "_version", 0)
        if name in self.roots or output is not self.last or version != self.version:
            self.last = self._output(self._numbered(name), output)
            self.version = getattr(self.last, "_version", 0)
        return self.last

    def optimiser(self, names: Mapping[int, str], optimiser: Optimizer, *_: Any) -> None:
        """The gradients that an optimiser is about to take."""
        for parameter in _parameters(optimiser):
            if id(parameter) in names:
                slope = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
                told = self._gradient(self._numbered(names[id(parameter)]), slope)
                # What has no gradient keeps none: the optimiser passes it over.
                parameter.grad = parameter.grad if told is slope else told

    def _output(self, name: str, output: Any) -> Any:
        """The output, once it is told; tuples and lists are told in parts."""
        if isinstance(output, tuple | list):
            parts = [self._output(f"{name}.{i}", part) for i, part in enumerate(output)]
            return type(output)(*parts) if hasattr(output, "_fields") else type(output)(parts)
        if not isinstance(output, Tensor) or not output.is_floating_point():
            return output
        instead = self.tell("forward", name, to_numpy(output))
        output = output if instead is None else replaced(output, instead)
        if output.requires_grad:
            output.register_hook(partial(self._gradient, name))
        return output

    def _gradient(self, name: str, gradient: Tensor) -> Tensor:
        instead = self.tell("backward", name, to_numpy(gradient))
        return gradient if instead is None else replaced(gradient, instead)

    def _numbered(self, name: str) -> str:
        self.calls[name] += 1
        return name if self.calls[name] == 1 else f"{name}#{self.calls[name]}"


def _state(networks: Networks, optimisers: Optimisers) -> Iterator[tuple[str, str, Tensor]]:
    for network, prefix in _prefixed(networks):
        for path, parameter in network.named_parameters():
            yield "update", _joined(prefix, path), parameter
    names = _parameter_names(networks)
    for optimiser in optimisers.values():
        for parameter in _parameters(optimiser):
            name = names.get(id(parameter), "?")
            for slot, tensor in optimiser.state.get(parameter, {}).items():
                if slot != "step" and isinstance(tensor, Tensor):
                    yield "update", f"{name}/{SLOTS.get(slot, slot)}", tensor
    for network, prefix in _prefixed(networks):
        for path, buffer in network.named_buffers():
            if buffer.is_floating_point():
                yield "statistics", _joined(prefix, path), buffer


def _parameters(optimiser: Optimizer) -> Iterator[Tensor]:
    return (parameter for group in optimiser.param_groups for parameter in group["params"])


def _parameter_names(networks: Networks) -> dict[int, str]:
    return {
        id(parameter): _joined(prefix, path)
        for network, prefix in _prefixed(networks)
        for path, parameter in network.named_parameters()
    }


def _prefixed(networks: Networks) -> Iterator[tuple[nn.Module, str]]:
    return ((network, name if len(networks) > 1 else "") for name, network in networks.items())


def _joined(prefix: str, path: str) -> str:
    return ".".join(filter(None, (prefix, path)))
