"""The critic's update with a gradient penalty: its scores, and how steep they are in between."""

from collections.abc import Callable

import jittor as jt
from jittor import Var, nn
from jittor.optim import Optimizer

from jittor_impl.layers import _scalar
from jittor_impl.steps import Gradients, _gradients

Penalty = Callable[[nn.Module, Var, Var, Var], Var]


def penalised_gradients(
    generator: nn.Module,
    discriminator: nn.Module,
    real: Var,
    noise: Var,
    alpha: Var,
    *,
    loss: Callable[[Var, Var], Var],
    penalty: Penalty,
) -> tuple[Var, Var, Var, Gradients]:
    """The critic's loss, its penalty, the fakes, and the gradients of the sum of the two.

    The critic runs three times: on the real batch, on the fakes, and between them. Its gradients
    hold second derivatives: those of the penalty.
    """
    value, extra, fake = _judge(generator, discriminator, real, noise, alpha, loss, penalty)
    gradients = _gradients(_scalar(value + extra), discriminator)
    return value.stop_grad(), extra.stop_grad(), fake, gradients


def penalised_step(
    generator: nn.Module,
    discriminator: nn.Module,
    optimiser: Optimizer,
    real: Var,
    noise: Var,
    alpha: Var,
    *,
    loss: Callable[[Var, Var], Var],
    penalty: Penalty,
) -> tuple[Var, Var]:
    """Update the critic once and return its loss and its penalty apart, before the update."""
    value, extra, _ = _judge(generator, discriminator, real, noise, alpha, loss, penalty)
    optimiser.step(_scalar(value + extra))
    return value.stop_grad(), extra.stop_grad()


def _judge(
    generator: nn.Module,
    discriminator: nn.Module,
    real: Var,
    noise: Var,
    alpha: Var,
    loss: Callable[[Var, Var], Var],
    penalty: Penalty,
) -> tuple[Var, Var, Var]:
    with jt.no_grad():
        fake = generator(noise)
    value = loss(discriminator(real), discriminator(fake))
    extra = penalty(discriminator, real, fake, alpha)
    return value, extra, fake
