"""Both updates from one forward pass of the generator."""

from collections.abc import Callable, Sequence

from jittor import Var, nn
from jittor.optim import Optimizer


def shared_fake_step(
    generator: nn.Module,
    discriminator: nn.Module,
    generator_optimiser: Optimizer,
    discriminator_optimiser: Optimizer,
    real: Var,
    noise: Var,
    *,
    generator_loss: Callable[[Var], Var],
    discriminator_loss: Callable[[Var, Var], Var],
    real_masks: Sequence[Var] = (),
    fake_masks: Sequence[Var] = (),
    generator_masks: Sequence[Var] = (),
) -> tuple[Var, Var]:
    """Update the discriminator, then the generator through the same fakes; return both losses.

    The generator's running statistics move once; the discriminator's on the real batch, on the
    fakes, and, updated, on the fakes again.
    """
    fake = generator(noise)
    real_scores = discriminator(real, *real_masks)
    value = discriminator_loss(real_scores, discriminator(fake.detach(), *fake_masks))
    discriminator_optimiser.step(value)

    fooled = generator_loss(discriminator(fake, *generator_masks))
    generator_optimiser.step(fooled)
    return value.stop_grad(), fooled.stop_grad()
