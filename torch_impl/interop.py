"""Convert canonical NumPy state to this framework's tensors and back, exactly."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim import SGD, Adam, Optimizer, RMSprop

from common.contract import Parameter
from common.streams.step_inputs import Masks
from torch_impl.device import chosen_device

_SLOTS = {
    "first_moment": "exp_avg",
    "second_moment": "exp_avg_sq",
    "square_average": "square_avg",
    "momentum": "momentum_buffer",
}


def to_native(array: np.ndarray) -> Tensor:
    """A canonical array (images as NCHW) as a tensor on this process's device, in its dtype."""
    return torch.as_tensor(array, dtype=torch.get_default_dtype(), device=chosen_device())


def native_masks(**masks: Masks) -> dict[str, list[Tensor]]:
    """Dropout masks as keyword arguments; empty ones are left out."""
    return {name: [to_native(mask) for mask in each] for name, each in masks.items() if each}


def to_canonical(tensor: Tensor) -> np.ndarray:
    """A tensor (images in this framework's layout) as a canonical NumPy array."""
    # NumPy has no bfloat16.
    values = tensor.float() if tensor.dtype == torch.bfloat16 else tensor
    # On a CPU .numpy() shares the tensor's memory, which a later step overwrites.
    return np.array(values.detach().cpu(), order="C")


def bare(network: nn.Module) -> nn.Module:
    """The network that several processes replicate, or the network itself."""
    return network.module if isinstance(network, DistributedDataParallel) else network


def load_network(
    network: nn.Module, parameters: Sequence[Parameter], state: Mapping[str, np.ndarray]
) -> None:
    """Overwrite the network's tensors with those of `state`, looked up by full name."""
    tensors = bare(network).state_dict()
    for parameter in parameters:
        tensors[parameter.name].copy_(to_native(state[parameter.full_name]))


def read_network(network: nn.Module, parameters: Sequence[Parameter]) -> dict[str, np.ndarray]:
    """The network's tensors by full name, in canonical layouts."""
    tensors = bare(network).state_dict()
    return {p.full_name: to_canonical(tensors[p.name]) for p in parameters}


def read_gradients(
    gradients: Mapping[str, Tensor], network: nn.Module, parameters: Sequence[Parameter]
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
    tensors = dict(bare(network).named_parameters())
    names = sorted({name.partition(".")[0] for name in slots} - {"step"})
    for parameter in parameters:
        if not parameter.trainable:
            continue
        tensor = tensors[parameter.name]
        state = optimiser.state[tensor]
        for name in names:
            values = to_native(slots[f"{name}.{parameter.full_name}"])
            # A fused optimiser takes for granted that slots are laid out as their parameter.
            state[_SLOTS[name]] = torch.empty_like(tensor).copy_(values)
        # PyTorch counts the steps of each tensor separately, in float32, on the CPU unless fused.
        device = tensor.device if optimiser.defaults.get("fused") else "cpu"
        count = slots.get("step", np.zeros(()))
        state["step"] = torch.tensor(float(count), dtype=torch.float32, device=device)


def read_slots(
    optimiser: Optimizer, network: nn.Module, parameters: Sequence[Parameter]
) -> dict[str, np.ndarray]:
    """The optimiser's slots as "<slot>.<full name>" arrays, and "step" if it counts (Adam)."""
    tensors, arrays = dict(bare(network).named_parameters()), {}
    for parameter in parameters:
        if not parameter.trainable:
            continue
        tensor = tensors[parameter.name]
        # PyTorch makes slots in the first step; until then they are zeros.
        state = optimiser.state.get(tensor, {})
        for name in _slots_of(optimiser):
            slot = state.get(_SLOTS[name], torch.zeros_like(tensor))
            arrays[f"{name}.{parameter.full_name}"] = to_canonical(slot)
        if isinstance(optimiser, Adam):
            arrays["step"] = np.asarray(float(state.get("step", 0)))
    return arrays


def _slots_of(optimiser: Optimizer) -> tuple[str, ...]:
    match optimiser:
        case Adam():
            return "first_moment", "second_moment"
        case RMSprop():
            return ("square_average",)
        case SGD():
            return ("momentum",)
    raise ValueError(f"no slots known of {type(optimiser).__name__}")
