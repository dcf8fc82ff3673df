"""The loop that a tutorial prints, on this framework's own layers: what ours is timed against."""

from collections.abc import Callable
from functools import reduce

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from common.catalogue import System
from common.rounds import Round
from jax_impl.interop import to_native
from jax_impl.layers import BatchNorm
from jax_impl.networks import build_networks


def plain_step(system: System) -> Callable[[Round], jax.Array]:
    """A function that plays a step on networks of its own and gives the generator's loss."""
    generator, discriminator = (_built_in(net) for net in build_networks(system))
    optimiser_g = nnx.Optimizer(generator, _rule(system), wrt=nnx.Param)
    optimiser_d = nnx.Optimizer(discriminator, _rule(system), wrt=nnx.Param)
    judge, fool = _losses(system)
    key = jax.random.key(0)

    @nnx.jit
    def update_discriminator(generator, discriminator, optimiser, real, noise, masks) -> None:
        fake = generator(noise)[: len(real)]

        def objective(discriminator: nnx.Module) -> jax.Array:
            if system.order == "generator_first":
                scores = discriminator(jnp.concatenate([real, fake]), *masks[0])
                return judge(scores[: len(real)], scores[len(real) :])
            value = judge(discriminator(real, *masks[0]), discriminator(fake, *masks[1]))
            if system.loss == "wasserstein_gp":
                value += _penalty(system, discriminator, real, fake, key)
            return value

        optimiser.update(discriminator, nnx.grad(objective)(discriminator))
        if system.loss == "wasserstein":
            limit, weights = system.weight_clip, nnx.state(discriminator, nnx.Param)
            clipped = jax.tree.map(lambda weight: jnp.clip(weight, -limit, limit), weights)
            nnx.update(discriminator, clipped)

    @nnx.jit
    def update_generator(generator, discriminator, optimiser, noise, masks) -> jax.Array:
        def objective(generator: nnx.Module, discriminator: nnx.Module) -> jax.Array:
            return fool(discriminator(generator(noise), *masks))

        value, gradients = nnx.value_and_grad(objective)(generator, discriminator)
        optimiser.update(generator, gradients)
        return value

    def step(arrays: Round) -> jax.Array:
        last = arrays.generator[-1]
        for draw in arrays.discriminator:
            noise = to_native(last.noise if draw.noise is None else draw.noise)
            masks = [_native(draw.real_masks), _native(draw.fake_masks)]
            real = to_native(draw.real)
            update_discriminator(generator, discriminator, optimiser_d, real, noise, masks)
        for draw in arrays.generator:
            noise, masks = to_native(draw.noise), _native(draw.masks)
            value = update_generator(generator, discriminator, optimiser_g, noise, masks)
        return value

    return step


def _losses(system: System) -> tuple[Callable[..., jax.Array], Callable[..., jax.Array]]:
    cross_entropy = optax.sigmoid_binary_cross_entropy
    match system.loss:
        case "vanilla":
            return (
                lambda real, fake: (
                    cross_entropy(real, jnp.ones_like(real)).mean()
                    + cross_entropy(fake, jnp.zeros_like(fake)).mean()
                ),
                lambda fake: cross_entropy(fake, jnp.ones_like(fake)).mean(),
            )
        case "least_squares":
            return (
                lambda real, fake: (
                    system.discriminator_factor
                    * (
                        ((real - system.real_label) ** 2).mean()
                        + ((fake - system.fake_label) ** 2).mean()
                    )
                ),
                lambda fake: system.generator_factor * ((fake - system.gen_label) ** 2).mean(),
            )
        case "hinge":
            return (
                lambda real, fake: nnx.relu(1 - real).mean() + nnx.relu(1 + fake).mean(),
                lambda fake: -fake.mean(),
            )
    sign = system.wasserstein_sign
    return lambda real, fake: sign * (fake.mean() - real.mean()), lambda fake: -sign * fake.mean()


def _penalty(
    system: System, discriminator: nnx.Module, real: jax.Array, fake: jax.Array, key: jax.Array
) -> jax.Array:
    alpha = jax.random.uniform(key, (len(real), *[1] * (real.ndim - 1)))
    between = alpha * real + (1 - alpha) * fake
    slopes = nnx.grad(lambda x, d: d(x).sum())(between, discriminator)
    norms = jnp.linalg.norm(slopes.reshape(len(real), -1), axis=1)
    return system.penalty_weight * ((norms - 1) ** 2).mean()


def _rule(system: System) -> optax.GradientTransformation:
    match system.optimiser:
        case "rmsprop":
            return optax.rmsprop(system.learning_rate, system.decay, system.epsilon)
        case "sgd":
            return optax.sgd(system.learning_rate, system.momentum)
    return optax.adam(system.learning_rate, system.beta1, system.beta2, system.epsilon)


def _native(masks: tuple) -> list[jax.Array]:
    return [to_native(mask) for mask in masks]


def _built_in(network: nnx.Module) -> nnx.Module:
    """The network with Flax's own batch norm in the place of ours; it has no spectral norm."""
    for path, layer in list(nnx.iter_graph(network)):
        if isinstance(layer, BatchNorm):
            *owners, name = path
            owner = reduce(_part, owners, network)
            setattr(owner, name, _counterpart(layer))
    return network


def _part(owner: nnx.Module, name: str | int) -> nnx.Module:
    return owner[name] if isinstance(name, int) else getattr(owner, name)


def _counterpart(layer: BatchNorm) -> nnx.BatchNorm:
    size, momentum = layer.scale.shape[0], 1 - layer.momentum
    return nnx.BatchNorm(size, momentum=momentum, epsilon=layer.epsilon, rngs=nnx.Rngs(0))
