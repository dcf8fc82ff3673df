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
from jax_impl.layers import BatchNorm, _ConvTranspose
from jax_impl.networks import build_networks


def plain_step(system: System) -> Callable[[Round], jax.Array]:
    """A function that plays a step on networks of its own and gives the generator's loss."""
    generator, discriminator = (_built_in(net) for net in build_networks(system))
    optimiser_g = nnx.Optimizer(generator, _rule(system), wrt=nnx.Param)
    optimiser_d = nnx.Optimizer(discriminator, _rule(system), wrt=nnx.Param)
    judge, fool = _losses(system)
    keys = nnx.Rngs(0)

    @nnx.jit
    def update_discriminator(discriminator, optimiser, keys, real, fake, masks) -> None:
        alpha = keys.uniform((len(real), *[1] * (real.ndim - 1)))

        def objective(discriminator: nnx.Module) -> jax.Array:
            if system.order == "generator_first":
                scores = discriminator(jnp.concatenate([real, fake]), *masks[0])
                return judge(scores[: len(real)], scores[len(real) :])
            value = judge(discriminator(real, *masks[0]), discriminator(fake, *masks[1]))
            if system.loss == "wasserstein_gp":
                value += _penalty(system, discriminator, real, fake, alpha)
            return value

        optimiser.update(discriminator, nnx.grad(objective)(discriminator))
        if system.loss == "wasserstein":
            limit, weights = system.weight_clip, nnx.state(discriminator, nnx.Param)
            clipped = jax.tree.map(lambda weight: jnp.clip(weight, -limit, limit), weights)
            nnx.update(discriminator, clipped)

    @nnx.jit
    def update_generator(generator, discriminator, optimiser, noise, masks):
        def objective(generator: nnx.Module, discriminator: nnx.Module):
            fake = generator(noise)
            return fool(discriminator(fake, *masks)), fake

        transformed = nnx.value_and_grad(objective, has_aux=True)
        (value, fake), gradients = transformed(generator, discriminator)
        optimiser.update(generator, gradients)
        return value, fake

    @nnx.jit
    def update_both(networks, optimisers, keys, real, noise, masks) -> jax.Array:
        generator, discriminator = networks
        if system.order == "generator_first":
            value, fake = update_generator(*networks, optimisers[0], noise, [])
            fake = fake[: len(real)]
            update_discriminator(discriminator, optimisers[1], keys, real, fake, masks)
            return value
        # Within one compiled function XLA makes the fakes of both updates once.
        fake = generator(noise)
        update_discriminator(discriminator, optimisers[1], keys, real, fake, masks)
        return update_generator(*networks, optimisers[0], noise, masks[2])[0]

    @nnx.jit
    def update_apart(generator, discriminator, optimiser, keys, real, noise, masks) -> None:
        update_discriminator(discriminator, optimiser, keys, real, generator(noise), masks)

    def step(arrays: Round) -> jax.Array:
        networks, optimisers = (generator, discriminator), (optimiser_g, optimiser_d)
        last = arrays.generator[-1]
        for draw in arrays.discriminator:
            real, noise = to_native(draw.real), to_native(last.noise)
            masks = [_native(each) for each in (draw.real_masks, draw.fake_masks, last.masks)]
            if system.noise_reuse == "fake":
                return update_both(networks, optimisers, keys, real, noise, masks)
            update_apart(*networks, optimiser_d, keys, real, to_native(draw.noise), masks)
        for draw in arrays.generator:
            noise, masks = to_native(draw.noise), _native(draw.masks)
            value, _ = update_generator(*networks, optimiser_g, noise, masks)
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
    system: System, discriminator: nnx.Module, real: jax.Array, fake: jax.Array, alpha: jax.Array
) -> jax.Array:
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
    """The network with Flax's own layers in the place of ours; it has no spectral norm."""
    for path, layer in list(nnx.iter_graph(network)):
        if isinstance(layer, BatchNorm | _ConvTranspose):
            *owners, name = path
            owner = reduce(_part, owners, network)
            setattr(owner, name, _counterpart(layer))
    return network


def _part(owner: nnx.Module, name: str | int) -> nnx.Module:
    return owner[name] if isinstance(name, int) else getattr(owner, name)


def _counterpart(layer: BatchNorm | _ConvTranspose) -> nnx.Module:
    rngs = nnx.Rngs(0)
    if isinstance(layer, BatchNorm):
        size, momentum = layer.scale.shape[0], 1 - layer.momentum
        return nnx.BatchNorm(size, momentum=momentum, epsilon=layer.epsilon, rngs=rngs)
    return nnx.ConvTranspose(
        layer.in_features,
        layer.out_features,
        layer.kernel_size,
        layer.strides,
        padding=layer.padding,
        use_bias=layer.use_bias,
        transpose_kernel=True,
        rngs=rngs,
    )
