"""The updates of a training step, written as users of this framework write them."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from torch_impl.losses import Loss

Gradients = dict[str, Tensor]
Masks = Sequence[Tensor]


def discriminator_gradients(
    generator: nn.Module,
    discriminator: nn.Module,
    real: Tensor,
    noise: Tensor,
    *,
    loss: Loss,
    penalty: Loss | None = None,
    alpha: Tensor | None = None,
    real_masks: Masks = (),
    fake_masks: Masks = (),
) -> tuple[dict[str, Tensor], Tensor, Gradients]:
    """The discriminator's losses, the fakes, and the gradients of its parameters.

    Both networks run in training mode, so running statistics move: the generator's once, the
    discriminator's on the real batch, on the fakes and, for a penalty, in between, where gradients
    hold second derivatives. The losses are "loss" and, where there is one, "penalty".
    """
    with torch.no_grad():
        fake = generator(noise)
    total = loss(discriminator(real, *real_masks), discriminator(fake, *fake_masks))
    losses = {"loss": total}
    if penalty is not None:
        losses["penalty"] = penalty(discriminator, real, fake, alpha)
        total = total + losses["penalty"]
    gradients = _gradients(discriminator, total, alone=penalty is None)
    return {name: value.detach() for name, value in losses.items()}, fake, gradients


def discriminator_step(
    generator: nn.Module,
    discriminator: nn.Module,
    optimiser: Optimizer,
    real: Tensor,
    noise: Tensor,
    *,
    loss: Loss,
    penalty: Loss | None = None,
    alpha: Tensor | None = None,
    real_masks: Masks = (),
    fake_masks: Masks = (),
) -> dict[str, Tensor]:
    """Update the discriminator once and return its losses before the update."""
    losses, _, _ = discriminator_gradients(
        generator,
        discriminator,
        real,
        noise,
        loss=loss,
        penalty=penalty,
        alpha=alpha,
        real_masks=real_masks,
        fake_masks=fake_masks,
    )
    optimiser.step()
    return losses


def generator_gradients(
    generator: nn.Module,
    discriminator: nn.Module,
    noise: Tensor,
    *,
    loss: Loss,
    frozen: bool = False,
    masks: Masks = (),
) -> tuple[Tensor, Tensor, Gradients]:
    """The generator's loss, its fakes, and the gradients of its parameters.

    Both networks run in training mode, and their running statistics move once. A frozen
    discriminator runs in evaluation mode: it drops nothing, and its statistics stand still.
    """
    fake = generator(noise)
    if frozen:
        discriminator.eval()
    value = loss(discriminator(fake, *masks))
    if frozen:
        discriminator.train()
    gradients = _gradients(generator, value)
    return value.detach(), fake.detach(), gradients


def generator_step(
    generator: nn.Module,
    discriminator: nn.Module,
    optimiser: Optimizer,
    noise: Tensor,
    *,
    loss: Loss,
    masks: Masks = (),
) -> Tensor:
    """Update the generator once and return its loss before the update."""
    value, _, _ = generator_gradients(generator, discriminator, noise, loss=loss, masks=masks)
    optimiser.step()
    return value


def shared_fakes_step(
    generator: nn.Module,
    discriminator: nn.Module,
    generator_optimiser: Optimizer,
    discriminator_optimiser: Optimizer,
    real: Tensor,
    noise: Tensor,
    *,
    generator_loss: Loss,
    discriminator_loss: Loss,
    real_masks: Masks = (),
    fake_masks: Masks = (),
    generator_masks: Masks = (),
) -> tuple[Tensor, Tensor]:
    """Update the discriminator, then the generator through the same fakes; return both losses.

    Running statistics move once for the generator and three times for the discriminator.
    """
    fake = generator(noise)
    real_scores = discriminator(real, *real_masks)
    loss_d = discriminator_loss(real_scores, discriminator(fake.detach(), *fake_masks))
    _gradients(discriminator, loss_d, alone=True)
    discriminator_optimiser.step()

    loss_g = generator_loss(discriminator(fake, *generator_masks))
    _gradients(generator, loss_g)
    generator_optimiser.step()
    return loss_d.detach(), loss_g.detach()


def mixed_discriminator_gradients(
    discriminator: nn.Module,
    real: Tensor,
    fake: Tensor,
    *,
    loss: Loss,
    masks: Masks = (),
) -> tuple[Tensor, Gradients]:
    """The discriminator's loss and gradients on one mixed batch, with one set of statistics."""
    scores = discriminator(torch.cat([real, fake]), *masks)
    value = loss(scores[: len(real)], scores[len(real) :])
    gradients = _gradients(discriminator, value, alone=True)
    return value.detach(), gradients


def mixed_batch_step(
    generator: nn.Module,
    discriminator: nn.Module,
    generator_optimiser: Optimizer,
    discriminator_optimiser: Optimizer,
    real: Tensor,
    noise: Tensor,
    *,
    generator_loss: Loss,
    discriminator_loss: Loss,
    masks: Masks = (),
) -> tuple[Tensor, Tensor]:
    """Update the generator on noise (2N, latent_dim), then the discriminator; return both losses.

    The discriminator sees the real batch (N) and the first N fakes, made before that update.
    """
    loss_g, fake, _ = generator_gradients(
        generator, discriminator, noise, loss=generator_loss, frozen=True
    )
    generator_optimiser.step()
    loss_d, _ = mixed_discriminator_gradients(
        discriminator, real, fake[: len(real)], loss=discriminator_loss, masks=masks
    )
    discriminator_optimiser.step()
    return loss_d, loss_g


def _gradients(network: nn.Module, loss: Tensor, *, alone: bool = False) -> Gradients:
    """The gradients of a loss, left in the network's parameters for its optimiser."""
    parameters = dict(network.named_parameters())
    for parameter in parameters.values():
        parameter.grad = None
    # Without `inputs`, backward would also fill the gradients of another network in the loss.
    loss.backward(inputs=None if alone else [*parameters.values()])
    return {name: parameter.grad for name, parameter in parameters.items()}  # type: ignore[misc]
