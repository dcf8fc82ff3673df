"""Both updates from one forward pass of the generator."""

from collections.abc import Callable, Sequence

import jax
from flax import nnx


@nnx.jit(static_argnames=("generator_loss", "discriminator_loss"))
def shared_fake_step(
    generator: nnx.Module,
    discriminator: nnx.Module,
    generator_optimiser: nnx.Optimizer,
    discriminator_optimiser: nnx.Optimizer,
    real: jax.Array,
    noise: jax.Array,
    *,
    generator_loss: Callable[[jax.Array], jax.Array],
    discriminator_loss: Callable[[jax.Array, jax.Array], jax.Array],
    real_masks: Sequence[jax.Array] = (),
    fake_masks: Sequence[jax.Array] = (),
    generator_masks: Sequence[jax.Array] = (),
) -> tuple[jax.Array, jax.Array]:
    """Update the discriminator, then the generator through the same fakes; return both losses.

    The generator's running statistics move once; the discriminator's on the real batch, on the
    fakes, and, updated, on the fakes again.
    """
    fake, pull_back = _generate(generator, noise)

    def separation(discriminator: nnx.Module) -> jax.Array:
        real_scores = discriminator(real, *real_masks)
        return discriminator_loss(real_scores, discriminator(fake, *fake_masks))

    parameters = nnx.DiffState(0, nnx.Param)
    value, gradients = nnx.value_and_grad(separation, argnums=parameters)(discriminator)
    discriminator_optimiser.update(discriminator, gradients)

    def deception(fake: jax.Array, discriminator: nnx.Module) -> jax.Array:
        return generator_loss(discriminator(fake, *generator_masks))

    fooled, upstream = nnx.value_and_grad(deception, argnums=0)(fake, discriminator)
    generator_optimiser.update(generator, pull_back(upstream))
    return value, fooled


def _generate(
    generator: nnx.Module, noise: jax.Array
) -> tuple[jax.Array, Callable[[jax.Array], nnx.State]]:
    """The fakes, and what turns their gradient into the gradients of the parameters."""
    graph, parameters, rest = nnx.split(generator, nnx.Param, ...)

    # nnx has no vjp, and jax.vjp lets no statistics move but those of a copy made inside it.
    def forward(parameters: nnx.State) -> tuple[jax.Array, nnx.State]:
        inside = nnx.merge(graph, parameters, rest, copy=True)
        return inside(noise), nnx.state(inside, nnx.BatchStat)

    fake, pull_back, moved = jax.vjp(forward, parameters, has_aux=True)
    nnx.update(generator, moved)
    return fake, lambda upstream: pull_back(upstream)[0]
