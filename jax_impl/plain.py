"""A plain training loop on this framework's own layers, for comparison in `rosetta bench`."""

from collections.abc import Callable
from functools import reduce

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from common.streams.step_inputs import StepInputs
from common.systems import System
from common.systems.losses import Hinge, LeastSquares, Vanilla, Wasserstein, WassersteinGP
from common.systems.optimisers import SGD, RMSprop
from common.systems.schedules import MixedBatch
from jax_impl.convolution import Conv, ConvTranspose
from jax_impl.gan import build_networks
from jax_impl.interop import to_native
from jax_impl.layers import BatchNorm


def plain_step(system: System) -> Callable[[StepInputs], jax.Array]:
    """A function that runs a step on its own networks and returns the generator's loss."""
    generator, discriminator = (_built_in(net) for net in build_networks(system))
    optimiser_g = nnx.Optimizer(generator, _rule(system), wrt=nnx.Param)
    optimiser_d = nnx.Optimizer(discriminator, _rule(system), wrt=nnx.Param)
    discriminator_loss, generator_loss = _losses(system)
    keys = nnx.Rngs(0)

    @nnx.jit
    def update_discriminator(discriminator, optimiser, keys, real, fake, masks) -> None:
        alpha = keys.uniform((len(real), *[1] * (real.ndim - 1)))

        def objective(discriminator: nnx.Module) -> jax.Array:
            if isinstance(system.schedule, MixedBatch):
                scores = discriminator(jnp.concatenate([real, fake]), *masks[0])
                return discriminator_loss(scores[: len(real)], scores[len(real) :])
            loss = discriminator_loss(
                discriminator(real, *masks[0]), discriminator(fake, *masks[1])
            )
            if isinstance(system.loss, WassersteinGP):
                loss += _penalty(system.loss.penalty_weight, discriminator, real, fake, alpha)
            return loss

        optimiser.update(discriminator, nnx.grad(objective)(discriminator))
        if isinstance(system.loss, Wasserstein):
            limit, weights = system.loss.weight_clip, nnx.state(discriminator, nnx.Param)
            clipped = jax.tree.map(lambda weight: jnp.clip(weight, -limit, limit), weights)
            nnx.update(discriminator, clipped)

    @nnx.jit
    def update_generator(generator, discriminator, optimiser, noise, masks):
        def objective(generator: nnx.Module, discriminator: nnx.Module):
            fake = generator(noise)
            return generator_loss(discriminator(fake, *masks)), fake

        transformed = nnx.value_and_grad(objective, has_aux=True)
        (loss, fake), gradients = transformed(generator, discriminator)
        optimiser.update(generator, gradients)
        return loss, fake

    @nnx.jit
    def update_both(networks, optimisers, keys, real, noise, masks) -> jax.Array:
        generator, discriminator = networks
        if isinstance(system.schedule, MixedBatch):
            loss, fake = update_generator(*networks, optimisers[0], noise, [])
            fake = fake[: len(real)]
            update_discriminator(discriminator, optimisers[1], keys, real, fake, masks)
            return loss
        # Within one compiled function XLA makes the fakes of both updates once.
        fake = generator(noise)
        update_discriminator(discriminator, optimisers[1], keys, real, fake, masks)
        return update_generator(*networks, optimisers[0], noise, masks[2])[0]

    @nnx.jit
    def update_apart(generator, discriminator, optimiser, keys, real, noise, masks) -> None:
        update_discriminator(discriminator, optimiser, keys, real, generator(noise), masks)

    def step(inputs: StepInputs) -> jax.Array:
        networks, optimisers = (generator, discriminator), (optimiser_g, optimiser_d)
        last = inputs.generator[-1]
        for update in inputs.discriminator:
            real, noise = to_native(update.real), to_native(last.noise)
            masks = [_native(each) for each in (update.real_masks, update.fake_masks, last.masks)]
            if system.schedule.noise_reuse == "fake":
                return update_both(networks, optimisers, keys, real, noise, masks)
            update_apart(*networks, optimiser_d, keys, real, to_native(update.noise), masks)
        for update in inputs.generator:
            noise, masks = to_native(update.noise), _native(update.masks)
            loss, _ = update_generator(*networks, optimiser_g, noise, masks)
        return loss

    return step


def _losses(system: System) -> tuple[Callable[..., jax.Array], Callable[..., jax.Array]]:
    cross_entropy = optax.sigmoid_binary_cross_entropy
    match system.loss:
        case Vanilla():
            return (
                lambda real, fake: (
                    cross_entropy(real, jnp.ones_like(real)).mean()
                    + cross_entropy(fake, jnp.zeros_like(fake)).mean()
                ),
                lambda fake: cross_entropy(fake, jnp.ones_like(fake)).mean(),
            )
        case LeastSquares():
            return (
                lambda real, fake: (
                    system.loss.discriminator_factor
                    * (
                        ((real - system.loss.real_label) ** 2).mean()
                        + ((fake - system.loss.fake_label) ** 2).mean()
                    )
                ),
                lambda fake: (
                    system.loss.generator_factor * ((fake - system.loss.gen_label) ** 2).mean()
                ),
            )
        case Hinge():
            return (
                lambda real, fake: nnx.relu(1 - real).mean() + nnx.relu(1 + fake).mean(),
                lambda fake: -fake.mean(),
            )
    sign = system.loss.wasserstein_sign
    return lambda real, fake: sign * (fake.mean() - real.mean()), lambda fake: -sign * fake.mean()


def _penalty(
    weight: float, discriminator: nnx.Module, real: jax.Array, fake: jax.Array, alpha: jax.Array
) -> jax.Array:
    between = alpha * real + (1 - alpha) * fake
    slopes = nnx.grad(lambda x, d: d(x).sum())(between, discriminator)
    norms = jnp.linalg.norm(slopes.reshape(len(real), -1), axis=1)
    return weight * ((norms - 1) ** 2).mean()


def _rule(system: System) -> optax.GradientTransformation:
    match system.optimiser:
        case RMSprop():
            return optax.rmsprop(
                system.optimiser.learning_rate, system.optimiser.decay, system.optimiser.epsilon
            )
        case SGD():
            return optax.sgd(system.optimiser.learning_rate, system.optimiser.momentum)
    return optax.adam(
        system.optimiser.learning_rate,
        system.optimiser.beta1,
        system.optimiser.beta2,
        system.optimiser.epsilon,
    )


def _native(masks: tuple) -> list[jax.Array]:
    return [to_native(mask) for mask in masks]


def _built_in(network: nnx.Module) -> nnx.Module:
    """The network with Flax's own layers in the place of ours; it has no spectral norm."""
    for path, layer in list(nnx.iter_graph(network)):
        if isinstance(layer, BatchNorm | Conv | ConvTranspose):
            *owners, name = path
            owner = reduce(_part, owners, network)
            setattr(owner, name, _counterpart(layer))
    return network


def _part(owner: nnx.Module, name: str | int) -> nnx.Module:
    return owner[name] if isinstance(name, int) else getattr(owner, name)


def _counterpart(layer: BatchNorm | Conv | ConvTranspose) -> nnx.Module:
    rngs = nnx.Rngs(0)
    if isinstance(layer, BatchNorm):
        size, momentum = layer.scale.shape[0], 1 - layer.momentum
        return nnx.BatchNorm(size, momentum=momentum, epsilon=layer.epsilon, rngs=rngs)
    sizes = layer.in_features, layer.out_features, layer.kernel_size, layer.strides
    options = {"padding": layer.padding, "use_bias": layer.use_bias, "rngs": rngs}
    if isinstance(layer, Conv):
        return nnx.Conv(*sizes, **options)
    return nnx.ConvTranspose(*sizes, **options, transpose_kernel=True)
