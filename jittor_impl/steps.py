"""The updates of a training step, written as users of this framework write them."""

from collections.abc import Sequence

import jittor as jt
from jittor import Var, nn
from jittor.optim import Optimizer

from jittor_impl.layers import scalar
from jittor_impl.losses import Loss

Gradients = dict[str, Var]
Masks = Sequence[Var]


def discriminator_gradients(
    generator: nn.Module,
    discriminator: nn.Module,
    real: Var,
    noise: Var,
    *,
    loss: Loss,
    penalty: Loss | None = None,
    alpha: Var | None = None,
    real_masks: Masks = (),
    fake_masks: Masks = (),
) -> tuple[dict[str, Var], Var, Gradients]:
    """The discriminator's losses, the fakes, and the gradients of its parameters.

    Both networks run in training mode, so running statistics move: the generator's once, the
    discriminator's on the real batch, on the fakes and, for a penalty, in between, where gradients
    hold second derivatives. The losses are "loss" and, where there is one, "penalty".
    """
    with jt.no_grad():
        fake = generator(noise)
    losses = {"loss": loss(discriminator(real, *real_masks), discriminator(fake, *fake_masks))}
    if penalty is not None:
        losses["penalty"] = penalty(discriminator, real, fake, alpha)
    gradients = gradients_of(_total(losses), discriminator)
    return _stopped(losses), fake, gradients


def discriminator_step(
    generator: nn.Module,
    discriminator: nn.Module,
    optimiser: Optimizer,
    real: Var,
    noise: Var,
    *,
    loss: Loss,
    penalty: Loss | None = None,
    alpha: Var | None = None,
    real_masks: Masks = (),
    fake_masks: Masks = (),
) -> dict[str, Var]:
    """Update the discriminator once and return its losses before the update."""
    with jt.no_grad():
        fake = generator(noise)
    losses = {"loss": loss(discriminator(real, *real_masks), discriminator(fake, *fake_masks))}
    if penalty is not None:
        losses["penalty"] = penalty(discriminator, real, fake, alpha)
    # An optimiser differentiates with respect to its own parameters alone.
    optimiser.step(_total(losses))
    return _stopped(losses)


def generator_gradients(
    generator: nn.Module,
    discriminator: nn.Module,
    noise: Var,
    *,
    loss: Loss,
    frozen: bool = False,
    masks: Masks = (),
) -> tuple[Var, Var, Gradients]:
    """The generator's loss, its fakes, and the gradients of its parameters.

    Both networks run in training mode, and their running statistics move once. A frozen
    discriminator runs in evaluation mode: it drops nothing, and its statistics stand still.
    """
    fake = generator(noise)
    # eval() also stops the gradients of the parameters, until train() is called again.
    discriminator.eval() if frozen else discriminator.train()
    value = loss(discriminator(fake, *masks))
    discriminator.train()
    gradients = gradients_of(value, generator)
    return value.stop_grad(), fake.stop_grad(), gradients


def generator_step(
    generator: nn.Module,
    discriminator: nn.Module,
    optimiser: Optimizer,
    noise: Var,
    *,
    loss: Loss,
    masks: Masks = (),
) -> Var:
    """Update the generator once and return its loss before the update."""
    value = loss(discriminator(generator(noise), *masks))
    optimiser.step(value)
    return value.stop_grad()


def shared_fakes_step(
    generator: nn.Module,
    discriminator: nn.Module,
    generator_optimiser: Optimizer,
    discriminator_optimiser: Optimizer,
    real: Var,
    noise: Var,
    *,
    generator_loss: Loss,
    discriminator_loss: Loss,
    real_masks: Masks = (),
    fake_masks: Masks = (),
    generator_masks: Masks = (),
) -> tuple[Var, Var]:
    """Update the discriminator, then the generator through the same fakes; return both losses.

    Running statistics move once for the generator and three times for the discriminator.
    """
    fake = generator(noise)
    real_scores = discriminator(real, *real_masks)
    loss_d = discriminator_loss(real_scores, discriminator(fake.detach(), *fake_masks))
    discriminator_optimiser.step(loss_d)

    loss_g = generator_loss(discriminator(fake, *generator_masks))
    generator_optimiser.step(loss_g)
    return loss_d.stop_grad(), loss_g.stop_grad()


def mixed_discriminator_gradients(
    discriminator: nn.Module,
    real: Var,
    fake: Var,
    *,
    loss: Loss,
    masks: Masks = (),
) -> tuple[Var, Gradients]:
    """The discriminator's loss and gradients on one mixed batch, with one set of statistics."""
    value = _mixed(discriminator, real, fake, loss, masks)
    gradients = gradients_of(value, discriminator)
    return value.stop_grad(), gradients


def mixed_batch_step(
    generator: nn.Module,
    discriminator: nn.Module,
    generator_optimiser: Optimizer,
    discriminator_optimiser: Optimizer,
    real: Var,
    noise: Var,
    *,
    generator_loss: Loss,
    discriminator_loss: Loss,
    masks: Masks = (),
) -> tuple[Var, Var]:
    """Update the generator on noise (2N, latent_dim), then the discriminator; return both losses.

    The discriminator sees the real batch (N) and the first N fakes, made before that update.
    """
    fake = generator(noise)
    discriminator.eval()
    loss_g = generator_loss(discriminator(fake))
    discriminator.train()
    generator_optimiser.step(loss_g)
    met = fake[: len(real)].detach()
    loss_d = _mixed(discriminator, real, met, discriminator_loss, masks)
    discriminator_optimiser.step(loss_d)
    return loss_d.stop_grad(), loss_g.stop_grad()


def _total(losses: dict[str, Var]) -> Var:
    return scalar(losses["loss"] + losses["penalty"]) if "penalty" in losses else losses["loss"]


def _stopped(losses: dict[str, Var]) -> dict[str, Var]:
    return {name: value.stop_grad() for name, value in losses.items()}


def _mixed(discriminator: nn.Module, real: Var, fake: Var, loss: Loss, masks: Masks) -> Var:
    scores = discriminator(jt.concat([real, fake]), *masks)
    return loss(scores[: len(real)], scores[len(real) :])


def gradients_of(value: Var, network: nn.Module) -> Gradients:
    """The gradients of a network's parameters."""
    # Jittor lists running statistics as parameters too.
    trainable = {name: p for name, p in network.named_parameters() if not p.is_stop_grad()}
    gradients = jt.grad(value, list(trainable.values()), retain_graph=False)
    if jt.in_mpi:
        gradients = [gradient.mpi_all_reduce("mean") for gradient in gradients]
    return dict(zip(trainable, gradients, strict=True))
