"""The step of S0's Keras LSGAN: generator first, then the discriminator on one mixed batch."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

Gradients = dict[str, Tensor]


def frozen_generator_gradients(
    generator: nn.Module,
    discriminator: nn.Module,
    noise: Tensor,
    *,
    loss: Callable[[Tensor], Tensor],
) -> tuple[Tensor, Tensor, Gradients]:
    """The generator's loss, its fakes, and the gradients of its parameters.

    The discriminator runs in evaluation mode: it drops nothing, and its running statistics
    stand still.
    """
    fake = generator(noise)
    discriminator.eval()
    value = loss(discriminator(fake))
    discriminator.train()
    generator.zero_grad(set_to_none=True)
    value.backward(inputs=list(generator.parameters()))
    return value.detach(), fake.detach(), _gradients(generator)


def mixed_discriminator_gradients(
    discriminator: nn.Module,
    real: Tensor,
    fake: Tensor,
    *,
    loss: Callable[[Tensor, Tensor], Tensor],
    masks: Sequence[Tensor] = (),
) -> tuple[Tensor, Gradients]:
    """The discriminator's loss and gradients on real and fake images in one forward pass.

    One pass means one set of batch statistics, over the mixture; they move once.
    """
    scores = discriminator(torch.cat([real, fake]), *masks)
    value = loss(scores[: len(real)], scores[len(real) :])
    discriminator.zero_grad(set_to_none=True)
    value.backward()
    return value.detach(), _gradients(discriminator)


def mixed_batch_step(
    generator: nn.Module,
    discriminator: nn.Module,
    generator_optimiser: Optimizer,
    discriminator_optimiser: Optimizer,
    real: Tensor,
    noise: Tensor,
    *,
    generator_loss: Callable[[Tensor], Tensor],
    discriminator_loss: Callable[[Tensor, Tensor], Tensor],
    masks: Sequence[Tensor] = (),
) -> tuple[Tensor, Tensor]:
    """Update the generator on noise (2N, latent_dim), then the discriminator; return both losses.

    The discriminator meets the real batch (N) and the first N of the fakes that the generator
    made before its update. The losses come discriminator first.
    """
    fooled, fake, _ = frozen_generator_gradients(
        generator, discriminator, noise, loss=generator_loss
    )
    generator_optimiser.step()
    value, _ = mixed_discriminator_gradients(
        discriminator, real, fake[: len(real)], loss=discriminator_loss, masks=masks
    )
    discriminator_optimiser.step()
    return value, fooled


def _gradients(network: nn.Module) -> Gradients:
    return {name: parameter.grad for name, parameter in network.named_parameters()}
