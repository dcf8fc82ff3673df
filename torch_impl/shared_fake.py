"""Both updates from one forward pass of the generator."""

from collections.abc import Callable, Sequence

from torch import Tensor, nn
from torch.optim import Optimizer


def shared_fake_step(
    generator: nn.Module,
    discriminator: nn.Module,
    generator_optimiser: Optimizer,
    discriminator_optimiser: Optimizer,
    real: Tensor,
    noise: Tensor,
    *,
    generator_loss: Callable[[Tensor], Tensor],
    discriminator_loss: Callable[[Tensor, Tensor], Tensor],
    real_masks: Sequence[Tensor] = (),
    fake_masks: Sequence[Tensor] = (),
    generator_masks: Sequence[Tensor] = (),
) -> tuple[Tensor, Tensor]:
    """Update the discriminator, then the generator through the same fakes; return both losses.

    The generator's running statistics move once; the discriminator's on the real batch, on the
    fakes, and, updated, on the fakes again.
    """
    fake = generator(noise)
    real_scores = discriminator(real, *real_masks)
    value = discriminator_loss(real_scores, discriminator(fake.detach(), *fake_masks))
    discriminator.zero_grad(set_to_none=True)
    value.backward()
    discriminator_optimiser.step()

    fooled = generator_loss(discriminator(fake, *generator_masks))
    generator.zero_grad(set_to_none=True)
    fooled.backward(inputs=list(generator.parameters()))
    generator_optimiser.step()
    return value.detach(), fooled.detach()
