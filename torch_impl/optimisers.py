"""Optimisers in the sources' convention: epsilon outside the square root, no hidden default."""

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
    )


def rmsprop(network: nn.Module, *, learning_rate: float, decay: float, epsilon: float) -> Optimizer:
    """RMSprop: v = ρ·v + (1−ρ)·g²; w −= lr · g / (√v + ε), v from 0, not centred.

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
