"""The critic's update with a gradient penalty: its scores, and how steep they are in between."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

Gradients = dict[str, Tensor]
Penalty = Callable[[nn.Module, Tensor, Tensor, Tensor], Tensor]


def penalised_gradients(
    generator: nn.Module,
    discriminator: nn.Module,
    real: Tensor,
    noise: Tensor,
    alpha: Tensor,
    *,
    loss: Callable[[Tensor, Tensor], Tensor],
    penalty: Penalty,
) -> tuple[Tensor, Tensor, Tensor, Gradients]:
    """The critic's loss, its penalty, the fakes, and the gradients of the sum of the two.

    The critic runs three times: on the real batch, on the fakes, and between them. Its gradients
    hold second derivatives: those of the penalty.
    """
    with torch.no_grad():
        fake = generator(noise)
    value = loss(discriminator(real), discriminator(fake))
    extra = penalty(discriminator, real, fake, alpha)
    discriminator.zero_grad(set_to_none=True)
    (value + extra).backward(inputs=list(discriminator.parameters()))
    gradients = {name: parameter.grad for name, parameter in discriminator.named_parameters()}
    return value.detach(), extra.detach(), fake, gradients


def penalised_step(
    generator: nn.Module,
    discriminator: nn.Module,
    optimiser: Optimizer,
    real: Tensor,
    noise: Tensor,
    alpha: Tensor,
    *,
    loss: Callable[[Tensor, Tensor], Tensor],
    penalty: Penalty,
) -> tuple[Tensor, Tensor]:
    """Update the critic once and return its loss and its penalty apart, before the update."""
    value, extra, _, _ = penalised_gradients(
        generator, discriminator, real, noise, alpha, loss=loss, penalty=penalty
    )
    optimiser.step()
    return value, extra
