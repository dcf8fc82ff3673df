"""Looking inside a PyTorch network while it trains: where no gradient arrives."""

from importlib import import_module
from typing import Any

import numpy as np
import pytest

from common.parity.measure import require_named


@pytest.fixture
def tracing(need):
    need("torch")
    return import_module("torch_impl.tracing")


def stepped(tracing: Any, replaced: str = "") -> tuple[dict[str, np.ndarray], Any]:
    """The gradients that are told, and the network, whose first layer is cut off, after a step."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    network, told = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1)), {}
    optimiser = torch.optim.SGD(network.parameters(), 0.5)

    def tell(phase: str, name: str, values: np.ndarray) -> np.ndarray | None:
        told[f"{phase} {name}"] = values
        return np.ones_like(values) if name == replaced and phase == "backward" else None

    with tracing.watched({"net": network}, {"sgd": optimiser}, tell):
        network[1](network[0](torch.ones(2, 3)).detach()).sum().backward()
        optimiser.step()
    return told, network


def test_a_gradient_that_does_not_arrive_is_told_as_zeros(tracing) -> None:
    """And is none to the optimiser, unless it is replaced."""
    told, network = stepped(tracing)
    assert not told["backward 0.weight"].any()
    assert told["backward 1.weight"].any()
    assert network[0].weight.grad is None
    changed = stepped(tracing, "0.bias")[1]
    before = network[0].bias.detach().numpy()
    require_named(changed[0].bias.detach().numpy(), before - np.float32(0.5), "exact", "0.bias")


def test_control_a_gradient_that_arrives_is_not_zero(tracing) -> None:
    told, network = stepped(tracing)
    require_named(told["backward 1.bias"], np.full(1, 2, np.float32), "exact", "1.bias")
    assert network[1].bias.grad is not None
