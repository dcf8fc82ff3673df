"""One update of the discriminator and one of the generator: the showcase of each framework."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

Gradients = dict[str, Tensor]


def discriminator_gradients(
    generator: nn.Module,
    discriminator: nn.Module,
    real: Tensor,
    noise: Tensor,
    *,
    loss: Callable[[Tensor, Tensor], Tensor],
    real_masks: Sequence[Tensor] = (),
    fake_masks: Sequence[Tensor] = (),
) -> tuple[Tensor, Tensor, Gradients]:
    """The discriminator's loss, the fakes, and the gradients of its parameters.

    Both networks run in training mode, so running statistics move: the generator's once, the
    discriminator's on the real batch and then on the fakes.
    """
    with torch.no_grad():
        fake = generator(noise)
    value = loss(discriminator(real, *real_masks), discriminator(fake, *fake_masks))
    discriminator.zero_grad(set_to_none=True)
    value.backward()
    return value.detach(), fake, _gradients(discriminator)


def discriminator_step(
    generator: nn.Module,
    discriminator: nn.Module,
    optimiser: Optimizer,
    real: Tensor,
    noise: Tensor,
    *,
    loss: Callable[[Tensor, Tensor], Tensor],
    real_masks: Sequence[Tensor] = (),
    fake_masks: Sequence[Tensor] = (),
) -> Tensor:
    """Update the discriminator once and return its loss before the update."""
    with torch.no_grad():
        fake = generator(noise)
    value = loss(discriminator(real, *real_masks), discriminator(fake, *fake_masks))
    discriminator.zero_grad(set_to_none=True)
    value.backward()
    optimiser.step()
    return value.detach()


def generator_gradients(
    generator: nn.Module,
    discriminator: nn.Module,
    noise: Tensor,
    *,
    loss: Callable[[Tensor], Tensor],
    masks: Sequence[Tensor] = (),
) -> tuple[Tensor, Gradients]:
    """The generator's loss and the gradients of its parameters.

    Both networks run in training mode: the generator's and the discriminator's running
    statistics move once.
    """
    value = loss(discriminator(generator(noise), *masks))
    generator.zero_grad(set_to_none=True)
    # Without `inputs`, backward would also fill the gradients of the discriminator.
    value.backward(inputs=list(generator.parameters()))
    return value.detach(), _gradients(generator)


def generator_step(
    generator: nn.Module,
    discriminator: nn.Module,
    optimiser: Optimizer,
    noise: Tensor,
    *,
    loss: Callable[[Tensor], Tensor],
    masks: Sequence[Tensor] = (),
) -> Tensor:
    """Update the generator once and return its loss before the update."""
    value = loss(discriminator(generator(noise), *masks))
    generator.zero_grad(set_to_none=True)
    value.backward(inputs=list(generator.parameters()))
    optimiser.step()
    return value.detach()


def _gradients(network: nn.Module) -> Gradients:
    return {name: parameter.grad for name, parameter in network.named_parameters()}
