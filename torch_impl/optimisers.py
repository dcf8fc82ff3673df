"""Optimisers as in the sources: epsilon outside the square root, no hidden defaults."""

from collections.abc import Callable
from math import sqrt

import torch
from torch import nn
from torch.optim import SGD, Adam, Optimizer, RMSprop


def adam(
    network: nn.Module, *, learning_rate: float, beta1: float, beta2: float, epsilon: float
) -> Optimizer:
    """Adam: w −= lr · m̂ / (√v̂ + ε), moments corrected by 1 − βᵗ before the division.

    Source: Kingma and Ba 2015, arXiv:1412.6980, algorithm 1.
    """
    return Adam(
        network.parameters(),
        lr=learning_rate,
        betas=(beta1, beta2),
        eps=epsilon,
        weight_decay=0.0,
        amsgrad=False,
        fused=True,
    )


def keras_adam(
    network: nn.Module, *, learning_rate: float, beta1: float, beta2: float, epsilon: float
) -> Optimizer:
    """Adam as in Keras: w −= lr · √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε).

    Source: Kingma and Ba 2015, the remark that ends section 2; mnistGANs.
    """
    return _KerasAdam(
        network.parameters(),
        lr=learning_rate,
        betas=(beta1, beta2),
        eps=epsilon,
        weight_decay=0.0,
        amsgrad=False,
        # On a GPU, a fused optimiser counts its steps there, and each would wait for the count.
        fused=next(network.parameters()).device.type == "cpu" or None,
    )


def rmsprop(network: nn.Module, *, learning_rate: float, decay: float, epsilon: float) -> Optimizer:
    """RMSprop: v = ρ·v + (1−ρ)·g²; w −= lr · g / (√v + ε), v starts at 0, not centred.

    Source: Tieleman and Hinton 2012, with ε as PyTorch and Jittor place it.
    """
    return RMSprop(
        network.parameters(),
        lr=learning_rate,
        alpha=decay,
        eps=epsilon,
        weight_decay=0.0,
        momentum=0.0,
        centered=False,
    )


def sgd(network: nn.Module, *, learning_rate: float, momentum: float) -> Optimizer:
    """SGD with momentum: b = μ·b + g; w −= lr · b, the learning rate outside the buffer.

    Source: Sutskever et al. 2013, as PyTorch writes it: no dampening, no Nesterov.
    """
    return SGD(
        network.parameters(),
        lr=learning_rate,
        momentum=momentum,
        dampening=0.0,
        weight_decay=0.0,
        nesterov=False,
    )


@torch.no_grad()
def clip_weights(network: nn.Module, *, limit: float) -> None:
    """Clip every trainable parameter to [−limit, limit], and no running statistic.

    Source: Arjovsky et al. 2017, algorithm 1, after the critic's update.
    """
    for parameter in network.parameters():
        parameter.clamp_(-limit, limit)


class _KerasAdam(Adam):
    """PyTorch adds epsilon to √v̂; adding ε / √(1 − β₂ᵗ) there adds ε to √v."""

    def step(  # type: ignore[override]
        self, closure: Callable[[], float] | None = None
    ) -> float | None:
        for group in self.param_groups:
            state = self.state[group["params"][0]]
            count = int(state["step"]) + 1 if "step" in state else 1
            group["eps"] = self.defaults["eps"] / sqrt(1 - group["betas"][1] ** count)
        return super().step(closure)
