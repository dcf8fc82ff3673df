"""One update of the discriminator and one of the generator: the showcase of each framework."""

from collections.abc import Callable, Sequence

import jax
from flax import nnx

Gradients = nnx.State


@nnx.jit(static_argnames="loss")
def discriminator_gradients(
    generator: nnx.Module,
    discriminator: nnx.Module,
    real: jax.Array,
    noise: jax.Array,
    *,
    loss: Callable[[jax.Array, jax.Array], jax.Array],
    real_masks: Sequence[jax.Array] = (),
    fake_masks: Sequence[jax.Array] = (),
) -> tuple[jax.Array, jax.Array, Gradients]:
    """The discriminator's loss, the fakes, and the gradients of its parameters.

    Both networks run in training mode, so running statistics move: the generator's once, the
    discriminator's on the real batch and then on the fakes.
    """
    fake = generator(noise)

    def objective(discriminator: nnx.Module) -> jax.Array:
        return loss(discriminator(real, *real_masks), discriminator(fake, *fake_masks))

    parameters = nnx.DiffState(0, nnx.Param)
    value, gradients = nnx.value_and_grad(objective, argnums=parameters)(discriminator)
    return value, fake, gradients


@nnx.jit(static_argnames="loss")
def discriminator_step(
    generator: nnx.Module,
    discriminator: nnx.Module,
    optimiser: nnx.Optimizer,
    real: jax.Array,
    noise: jax.Array,
    *,
    loss: Callable[[jax.Array, jax.Array], jax.Array],
    real_masks: Sequence[jax.Array] = (),
    fake_masks: Sequence[jax.Array] = (),
) -> jax.Array:
    """Update the discriminator once and return its loss before the update."""
    value, _, gradients = discriminator_gradients(
        generator,
        discriminator,
        real,
        noise,
        loss=loss,
        real_masks=real_masks,
        fake_masks=fake_masks,
    )
    optimiser.update(discriminator, gradients)
    return value


@nnx.jit(static_argnames="loss")
def generator_gradients(
    generator: nnx.Module,
    discriminator: nnx.Module,
    noise: jax.Array,
    *,
    loss: Callable[[jax.Array], jax.Array],
    masks: Sequence[jax.Array] = (),
) -> tuple[jax.Array, Gradients]:
    """The generator's loss and the gradients of its parameters.

    Both networks run in training mode: the generator's and the discriminator's running
    statistics move once.
    """

    # The discriminator is an argument because a captured one could not move its statistics.
    def objective(generator: nnx.Module, discriminator: nnx.Module) -> jax.Array:
        return loss(discriminator(generator(noise), *masks))

    parameters = nnx.DiffState(0, nnx.Param)
    return nnx.value_and_grad(objective, argnums=parameters)(generator, discriminator)


@nnx.jit(static_argnames="loss")
def generator_step(
    generator: nnx.Module,
    discriminator: nnx.Module,
    optimiser: nnx.Optimizer,
    noise: jax.Array,
    *,
    loss: Callable[[jax.Array], jax.Array],
    masks: Sequence[jax.Array] = (),
) -> jax.Array:
    """Update the generator once and return its loss before the update."""
    value, gradients = generator_gradients(generator, discriminator, noise, loss=loss, masks=masks)
    optimiser.update(generator, gradients)
    return value
