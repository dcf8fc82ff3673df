"""The updates of a training step, written as users of this framework write them."""

from collections.abc import Sequence
from functools import partial
from typing import TypeAlias

import jax
import jax.numpy as jnp
from flax import nnx

from jax_impl.layers import vjp
from jax_impl.losses import Loss

Gradients: TypeAlias = nnx.State
Masks = Sequence[jax.Array]
_value_and_grad = partial(nnx.value_and_grad, argnums=nnx.DiffState(0, nnx.Param))


@nnx.jit(static_argnames=("loss", "penalty"))
def discriminator_gradients(
    generator: nnx.Module,
    discriminator: nnx.Module,
    real: jax.Array,
    noise: jax.Array,
    *,
    loss: Loss,
    penalty: Loss | None = None,
    alpha: jax.Array | None = None,
    real_masks: Masks = (),
    fake_masks: Masks = (),
) -> tuple[dict[str, jax.Array], jax.Array, Gradients]:
    """The discriminator's losses, the fakes, and the gradients of its parameters.

    Both networks run in training mode, so running statistics move: the generator's once, the
    discriminator's on the real batch, on the fakes and, for a penalty, in between, where gradients
    hold second derivatives. The losses are "loss" and, where there is one, "penalty".
    """
    fake = generator(noise)

    def objective(discriminator: nnx.Module) -> tuple[jax.Array, dict[str, jax.Array]]:
        losses = {"loss": loss(discriminator(real, *real_masks), discriminator(fake, *fake_masks))}
        if penalty is not None:
            losses["penalty"] = penalty(discriminator, real, fake, alpha)
        return sum(losses.values()), losses  # type: ignore[return-value]

    (_, losses), gradients = _value_and_grad(objective, has_aux=True)(discriminator)
    return losses, fake, gradients


@nnx.jit(static_argnames=("loss", "penalty"))
def discriminator_step(
    generator: nnx.Module,
    discriminator: nnx.Module,
    optimiser: nnx.Optimizer,
    real: jax.Array,
    noise: jax.Array,
    *,
    loss: Loss,
    penalty: Loss | None = None,
    alpha: jax.Array | None = None,
    real_masks: Masks = (),
    fake_masks: Masks = (),
) -> dict[str, jax.Array]:
    """Update the discriminator once and return its losses before the update."""
    losses, _, gradients = discriminator_gradients(
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
    optimiser.update(discriminator, gradients)
    return losses


@nnx.jit(static_argnames=("loss", "frozen"))
def generator_gradients(
    generator: nnx.Module,
    discriminator: nnx.Module,
    noise: jax.Array,
    *,
    loss: Loss,
    frozen: bool = False,
    masks: Masks = (),
) -> tuple[jax.Array, jax.Array, Gradients]:
    """The generator's loss, its fakes, and the gradients of its parameters.

    Both networks run in training mode, and their running statistics move once. A frozen
    discriminator runs in evaluation mode: it drops nothing, and its statistics stand still.
    """

    # The discriminator is an argument because a captured one could not move its statistics.
    def objective(generator: nnx.Module, discriminator: nnx.Module) -> tuple[jax.Array, jax.Array]:
        fake = generator(noise)
        return loss(discriminator(fake, *masks)), fake

    discriminator.eval() if frozen else discriminator.train()
    (value, fake), gradients = _value_and_grad(objective, has_aux=True)(generator, discriminator)
    discriminator.train()
    return value, fake, gradients


@nnx.jit(static_argnames="loss")
def generator_step(
    generator: nnx.Module,
    discriminator: nnx.Module,
    optimiser: nnx.Optimizer,
    noise: jax.Array,
    *,
    loss: Loss,
    masks: Masks = (),
) -> jax.Array:
    """Update the generator once and return its loss before the update."""
    value, _, gradients = generator_gradients(
        generator, discriminator, noise, loss=loss, masks=masks
    )
    optimiser.update(generator, gradients)
    return value


@nnx.jit(static_argnames=("generator_loss", "discriminator_loss"))
def shared_fakes_step(
    generator: nnx.Module,
    discriminator: nnx.Module,
    generator_optimiser: nnx.Optimizer,
    discriminator_optimiser: nnx.Optimizer,
    real: jax.Array,
    noise: jax.Array,
    *,
    generator_loss: Loss,
    discriminator_loss: Loss,
    real_masks: Masks = (),
    fake_masks: Masks = (),
    generator_masks: Masks = (),
) -> tuple[jax.Array, jax.Array]:
    """Update the discriminator, then the generator through the same fakes; return both losses.

    Running statistics move once for the generator and three times for the discriminator.
    """
    fake, pull_back = vjp(generator, noise)

    def objective(discriminator: nnx.Module) -> jax.Array:
        real_scores = discriminator(real, *real_masks)
        return discriminator_loss(real_scores, discriminator(fake, *fake_masks))

    loss_d, gradients = _value_and_grad(objective)(discriminator)
    discriminator_optimiser.update(discriminator, gradients)
    of_fakes = nnx.value_and_grad(lambda fake, net: generator_loss(net(fake, *generator_masks)))
    loss_g, upstream = of_fakes(fake, discriminator)
    generator_optimiser.update(generator, pull_back(upstream))
    return loss_d, loss_g


@nnx.jit(static_argnames="loss")
def mixed_discriminator_gradients(
    discriminator: nnx.Module,
    real: jax.Array,
    fake: jax.Array,
    *,
    loss: Loss,
    masks: Masks = (),
) -> tuple[jax.Array, Gradients]:
    """The discriminator's loss and gradients on one mixed batch, with one set of statistics."""

    def objective(discriminator: nnx.Module) -> jax.Array:
        return loss(*jnp.split(discriminator(jnp.concatenate([real, fake]), *masks), [len(real)]))

    return _value_and_grad(objective)(discriminator)


@nnx.jit(static_argnames=("generator_loss", "discriminator_loss"))
def mixed_batch_step(
    generator: nnx.Module,
    discriminator: nnx.Module,
    generator_optimiser: nnx.Optimizer,
    discriminator_optimiser: nnx.Optimizer,
    real: jax.Array,
    noise: jax.Array,
    *,
    generator_loss: Loss,
    discriminator_loss: Loss,
    masks: Masks = (),
) -> tuple[jax.Array, jax.Array]:
    """Update the generator on noise (2N, latent_dim), then the discriminator; return both losses.

    The discriminator sees the real batch (N) and the first N fakes, made before that update.
    """
    loss_g, fake, gradients = generator_gradients(
        generator, discriminator, noise, loss=generator_loss, frozen=True
    )
    generator_optimiser.update(generator, gradients)
    loss_d, gradients = mixed_discriminator_gradients(
        discriminator, real, fake[: len(real)], loss=discriminator_loss, masks=masks
    )
    discriminator_optimiser.update(discriminator, gradients)
    return loss_d, loss_g
