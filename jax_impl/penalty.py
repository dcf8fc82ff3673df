"""The critic's update with a gradient penalty: its scores, and how steep they are in between."""

from collections.abc import Callable

import jax
from flax import nnx

Gradients = nnx.State
Penalty = Callable[[nnx.Module, jax.Array, jax.Array, jax.Array], jax.Array]


@nnx.jit(static_argnames=("loss", "penalty"))
def penalised_gradients(
    generator: nnx.Module,
    discriminator: nnx.Module,
    real: jax.Array,
    noise: jax.Array,
    alpha: jax.Array,
    *,
    loss: Callable[[jax.Array, jax.Array], jax.Array],
    penalty: Penalty,
) -> tuple[jax.Array, jax.Array, jax.Array, Gradients]:
    """The critic's loss, its penalty, the fakes, and the gradients of the sum of the two.

    The critic runs three times: on the real batch, on the fakes, and between them. Its gradients
    hold second derivatives: those of the penalty.
    """
    fake = generator(noise)

    def objective(discriminator: nnx.Module) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
        value = loss(discriminator(real), discriminator(fake))
        extra = penalty(discriminator, real, fake, alpha)
        return value + extra, (value, extra)

    transformed = nnx.value_and_grad(objective, argnums=nnx.DiffState(0, nnx.Param), has_aux=True)
    (_, (value, extra)), gradients = transformed(discriminator)
    return value, extra, fake, gradients


@nnx.jit(static_argnames=("loss", "penalty"))
def penalised_step(
    generator: nnx.Module,
    discriminator: nnx.Module,
    optimiser: nnx.Optimizer,
    real: jax.Array,
    noise: jax.Array,
    alpha: jax.Array,
    *,
    loss: Callable[[jax.Array, jax.Array], jax.Array],
    penalty: Penalty,
) -> tuple[jax.Array, jax.Array]:
    """Update the critic once and return its loss and its penalty apart, before the update."""
    value, extra, _, gradients = penalised_gradients(
        generator, discriminator, real, noise, alpha, loss=loss, penalty=penalty
    )
    optimiser.update(discriminator, gradients)
    return value, extra
