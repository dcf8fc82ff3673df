"""The step of S0's Keras LSGAN: generator first, then the discriminator on one mixed batch."""

from collections.abc import Callable, Sequence

import jittor as jt
from jittor import Var, nn
from jittor.optim import Optimizer

from jittor_impl.steps import Gradients, _gradients


def frozen_generator_gradients(
    generator: nn.Module,
    discriminator: nn.Module,
    noise: Var,
    *,
    loss: Callable[[Var], Var],
) -> tuple[Var, Var, Gradients]:
    """The generator's loss, its fakes, and the gradients of its parameters.

    The discriminator runs in evaluation mode: it drops nothing, and its running statistics
    stand still.
    """
    value, fake = _fool(generator, discriminator, noise, loss)
    gradients = _gradients(value, generator)
    return value.stop_grad(), fake.stop_grad(), gradients


def mixed_discriminator_gradients(
    discriminator: nn.Module,
    real: Var,
    fake: Var,
    *,
    loss: Callable[[Var, Var], Var],
    masks: Sequence[Var] = (),
) -> tuple[Var, Gradients]:
    """The discriminator's loss and gradients on real and fake images in one forward pass.

    One pass means one set of batch statistics, over the mixture; they move once.
    """
    value = _judge(discriminator, real, fake, loss, masks)
    gradients = _gradients(value, discriminator)
    return value.stop_grad(), gradients


def mixed_batch_step(
    generator: nn.Module,
    discriminator: nn.Module,
    generator_optimiser: Optimizer,
    discriminator_optimiser: Optimizer,
    real: Var,
    noise: Var,
    *,
    generator_loss: Callable[[Var], Var],
    discriminator_loss: Callable[[Var, Var], Var],
    masks: Sequence[Var] = (),
) -> tuple[Var, Var]:
    """Update the generator on noise (2N, latent_dim), then the discriminator; return both losses.

    The discriminator meets the real batch (N) and the first N of the fakes that the generator
    made before its update. The losses come discriminator first.
    """
    fooled, fake = _fool(generator, discriminator, noise, generator_loss)
    generator_optimiser.step(fooled)
    met = fake[: len(real)].detach()
    value = _judge(discriminator, real, met, discriminator_loss, masks)
    discriminator_optimiser.step(value)
    return value.stop_grad(), fooled.stop_grad()


def _fool(
    generator: nn.Module, discriminator: nn.Module, noise: Var, loss: Callable[[Var], Var]
) -> tuple[Var, Var]:
    fake = generator(noise)
    # eval() also stops the gradients of the parameters, until train() is called again.
    discriminator.eval()
    value = loss(discriminator(fake))
    discriminator.train()
    return value, fake


def _judge(
    discriminator: nn.Module,
    real: Var,
    fake: Var,
    loss: Callable[[Var, Var], Var],
    masks: Sequence[Var],
) -> Var:
    scores = discriminator(jt.concat([real, fake]), *masks)
    return loss(scores[: len(real)], scores[len(real) :])
