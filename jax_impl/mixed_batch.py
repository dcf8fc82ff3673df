"""The step of S0's Keras LSGAN: generator first, then the discriminator on one mixed batch."""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
from flax import nnx

Gradients = nnx.State


@nnx.jit(static_argnames="loss")
def frozen_generator_gradients(
    generator: nnx.Module,
    discriminator: nnx.Module,
    noise: jax.Array,
    *,
    loss: Callable[[jax.Array], jax.Array],
) -> tuple[jax.Array, jax.Array, Gradients]:
    """The generator's loss, its fakes, and the gradients of its parameters.

    The discriminator runs in evaluation mode: it drops nothing, and its running statistics
    stand still.
    """

    def objective(generator: nnx.Module, discriminator: nnx.Module) -> tuple[jax.Array, jax.Array]:
        fake = generator(noise)
        return loss(discriminator(fake)), fake

    parameters = nnx.DiffState(0, nnx.Param)
    transformed = nnx.value_and_grad(objective, argnums=parameters, has_aux=True)
    discriminator.eval()
    (value, fake), gradients = transformed(generator, discriminator)
    discriminator.train()
    return value, fake, gradients


@nnx.jit(static_argnames="loss")
def mixed_discriminator_gradients(
    discriminator: nnx.Module,
    real: jax.Array,
    fake: jax.Array,
    *,
    loss: Callable[[jax.Array, jax.Array], jax.Array],
    masks: Sequence[jax.Array] = (),
) -> tuple[jax.Array, Gradients]:
    """The discriminator's loss and gradients on real and fake images in one forward pass.

    One pass means one set of batch statistics, over the mixture; they move once.
    """

    def objective(discriminator: nnx.Module) -> jax.Array:
        scores = discriminator(jnp.concatenate([real, fake]), *masks)
        return loss(scores[: len(real)], scores[len(real) :])

    parameters = nnx.DiffState(0, nnx.Param)
    return nnx.value_and_grad(objective, argnums=parameters)(discriminator)


@nnx.jit(static_argnames=("generator_loss", "discriminator_loss"))
def mixed_batch_step(
    generator: nnx.Module,
    discriminator: nnx.Module,
    generator_optimiser: nnx.Optimizer,
    discriminator_optimiser: nnx.Optimizer,
    real: jax.Array,
    noise: jax.Array,
    *,
    generator_loss: Callable[[jax.Array], jax.Array],
    discriminator_loss: Callable[[jax.Array, jax.Array], jax.Array],
    masks: Sequence[jax.Array] = (),
) -> tuple[jax.Array, jax.Array]:
    """Update the generator on noise (2N, latent_dim), then the discriminator; return both losses.

    The discriminator meets the real batch (N) and the first N of the fakes that the generator
    made before its update. The losses come discriminator first.
    """
    fooled, fake, gradients = frozen_generator_gradients(
        generator, discriminator, noise, loss=generator_loss
    )
    generator_optimiser.update(generator, gradients)
    value, gradients = mixed_discriminator_gradients(
        discriminator, real, fake[: len(real)], loss=discriminator_loss, masks=masks
    )
    discriminator_optimiser.update(discriminator, gradients)
    return value, fooled
