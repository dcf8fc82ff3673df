"""One update of the discriminator and one of the generator: the showcase of each framework."""

from collections.abc import Callable, Sequence

import jittor as jt
from jittor import Var, nn
from jittor.optim import Optimizer

Gradients = dict[str, Var]


def discriminator_gradients(
    generator: nn.Module,
    discriminator: nn.Module,
    real: Var,
    noise: Var,
    *,
    loss: Callable[[Var, Var], Var],
    real_masks: Sequence[Var] = (),
    fake_masks: Sequence[Var] = (),
) -> tuple[Var, Var, Gradients]:
    """The discriminator's loss, the fakes, and the gradients of its parameters.

    Both networks run in training mode, so running statistics move: the generator's once, the
    discriminator's on the real batch and then on the fakes.
    """
    with jt.no_grad():
        fake = generator(noise)
    value = loss(discriminator(real, *real_masks), discriminator(fake, *fake_masks))
    gradients = _gradients(value, discriminator)
    return value.stop_grad(), fake, gradients


def discriminator_step(
    generator: nn.Module,
    discriminator: nn.Module,
    optimiser: Optimizer,
    real: Var,
    noise: Var,
    *,
    loss: Callable[[Var, Var], Var],
    real_masks: Sequence[Var] = (),
    fake_masks: Sequence[Var] = (),
) -> Var:
    """Update the discriminator once and return its loss before the update."""
    with jt.no_grad():
        fake = generator(noise)
    value = loss(discriminator(real, *real_masks), discriminator(fake, *fake_masks))
    optimiser.step(value)
    return value.stop_grad()


def generator_gradients(
    generator: nn.Module,
    discriminator: nn.Module,
    noise: Var,
    *,
    loss: Callable[[Var], Var],
    masks: Sequence[Var] = (),
) -> tuple[Var, Gradients]:
    """The generator's loss and the gradients of its parameters.

    Both networks run in training mode: the generator's and the discriminator's running
    statistics move once.
    """
    value = loss(discriminator(generator(noise), *masks))
    gradients = _gradients(value, generator)
    return value.stop_grad(), gradients


def generator_step(
    generator: nn.Module,
    discriminator: nn.Module,
    optimiser: Optimizer,
    noise: Var,
    *,
    loss: Callable[[Var], Var],
    masks: Sequence[Var] = (),
) -> Var:
    """Update the generator once and return its loss before the update."""
    value = loss(discriminator(generator(noise), *masks))
    # An optimiser differentiates with respect to its own parameters alone.
    optimiser.step(value)
    return value.stop_grad()


def _gradients(value: Var, network: nn.Module) -> Gradients:
    # To Jittor running statistics are parameters too.
    trainable = {name: p for name, p in network.named_parameters() if not p.is_stop_grad()}
    found = jt.grad(value, list(trainable.values()), retain_graph=False)
    return dict(zip(trainable, found, strict=True))
