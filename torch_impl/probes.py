"""What parity looks at besides whole steps: forward passes and gradients of the inputs."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def forward(network: nn.Module, inputs: Tensor, *, training: bool) -> Tensor:
    """The network's output; in training mode its running statistics move."""
    network.train(training)
    with torch.no_grad():
        return network(inputs)


def discriminator_input_gradients(
    discriminator: nn.Module,
    real: Tensor,
    fake: Tensor,
    *,
    loss: Callable[[Tensor, Tensor], Tensor],
) -> tuple[Tensor, Tensor]:
    """The gradients of the discriminator's loss with respect to real and fake images."""
    discriminator.train()
    real, fake = real.clone().requires_grad_(), fake.clone().requires_grad_()
    value = loss(discriminator(real), discriminator(fake))
    return torch.autograd.grad(value, (real, fake))


def generator_input_gradient(
    generator: nn.Module,
    discriminator: nn.Module,
    noise: Tensor,
    *,
    loss: Callable[[Tensor], Tensor],
) -> Tensor:
    """The gradient of the generator's loss with respect to its noise."""
    generator.train()
    discriminator.train()
    noise = noise.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(discriminator(generator(noise))), noise)
    return gradient


def penalty_gradients(
    discriminator: nn.Module,
    real: Tensor,
    fake: Tensor,
    alpha: Tensor,
    *,
    penalty: Callable[..., Tensor],
) -> tuple[Tensor, dict[str, Tensor]]:
    """The gradient penalty alone, and its gradient with respect to every parameter."""
    discriminator.train()
    value = penalty(discriminator, real, fake, alpha)
    names, parameters = zip(*discriminator.named_parameters(), strict=True)
    # The last bias moves no gradient of the scores: autograd has nothing to say about it.
    found = torch.autograd.grad(value, parameters, allow_unused=True, materialize_grads=True)
    return value.detach(), dict(zip(names, found, strict=True))


def pull_back(
    function: Callable[..., Tensor], upstream: Tensor, *inputs: Tensor
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """The function's output, and the vector-Jacobian product of `upstream` with each input."""
    inputs = tuple(tensor.clone().requires_grad_() for tensor in inputs)
    output = function(*inputs)
    return output.detach(), torch.autograd.grad(output, inputs, upstream)


def multiply(left: Tensor, right: Tensor) -> Tensor:
    """The product of two matrices."""
    return left @ right


def convolve(maps: Tensor, kernel: Tensor) -> Tensor:
    """Maps convolved with a kernel (both as `to_native` gives them), without padding."""
    return F.conv2d(maps, kernel)
