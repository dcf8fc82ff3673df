"""Quantities that parity compares besides whole steps: forward passes and gradients."""

from collections.abc import Callable, Collection
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from common.streams.step_inputs import StepInputs
from common.systems.schedules import MixedBatch
from jax_impl import steps
from jax_impl.device import is_mixed
from jax_impl.gan import GAN
from jax_impl.interop import kept_outputs, native_masks, to_native


def forward(network: nnx.Module, inputs: jax.Array, *, training: bool) -> jax.Array:
    """The network's output; in training mode its running statistics are updated."""
    network.train() if training else network.eval()
    return _apply(network, inputs)[0]


def layer_outputs(
    network: nnx.Module, inputs: jax.Array, layers: Collection[str]
) -> dict[str, np.ndarray]:
    """What each of these layers gives at its first call, in training mode, by its name."""
    network.train()
    outputs = _apply(network, inputs)[1]
    return {name: np.array(outputs[name]) for name in layers if name in outputs}


def first_discriminator_gradients(
    gan: GAN, inputs: StepInputs
) -> tuple[jax.Array, jax.Array, steps.Gradients]:
    """Loss, fakes and gradients of a step's first discriminator update, not applied."""
    gan.generator.train()
    gan.discriminator.train()
    first, networks = inputs.discriminator[0], (gan.generator, gan.discriminator)
    real, loss = to_native(first.real), gan.discriminator_loss
    if isinstance(gan.system.schedule, MixedBatch):
        noise = to_native(inputs.generator[0].noise)
        _, fake, _ = steps.generator_gradients(
            *networks, noise, loss=gan.generator_loss, frozen=True
        )
        fake = fake[: len(real)]
        value, gradients = steps.mixed_discriminator_gradients(
            gan.discriminator, real, fake, loss=loss, **native_masks(masks=first.real_masks)
        )
        return value, fake, gradients
    losses, fake, gradients = steps.discriminator_gradients(
        *networks,
        real,
        to_native(first.noise),
        loss=loss,
        penalty=gan.penalty,
        alpha=None if first.alpha is None else to_native(first.alpha),
        **native_masks(real_masks=first.real_masks, fake_masks=first.fake_masks),
    )
    if "penalty" in losses:
        return losses["loss"] + losses["penalty"], fake, gradients
    return losses["loss"], fake, gradients


def first_generator_gradients(gan: GAN, inputs: StepInputs) -> tuple[jax.Array, steps.Gradients]:
    """Loss and gradients of a step's first generator update, not applied."""
    gan.generator.train()
    gan.discriminator.train()
    first, frozen = inputs.generator[0], isinstance(gan.system.schedule, MixedBatch)
    value, _, gradients = steps.generator_gradients(
        gan.generator,
        gan.discriminator,
        to_native(first.noise),
        loss=gan.generator_loss,
        frozen=frozen,
        **native_masks(masks=first.masks),
    )
    return value, gradients


def discriminator_input_gradients(
    discriminator: nnx.Module,
    real: jax.Array,
    fake: jax.Array,
    *,
    loss: Callable[[jax.Array, jax.Array], jax.Array],
) -> tuple[jax.Array, jax.Array]:
    """The gradients of the discriminator's loss with respect to real and fake images."""
    discriminator.train()
    return _image_gradients(discriminator, real, fake, loss=loss)


def generator_input_gradient(
    generator: nnx.Module,
    discriminator: nnx.Module,
    noise: jax.Array,
    *,
    loss: Callable[[jax.Array], jax.Array],
) -> jax.Array:
    """The gradient of the generator's loss with respect to its noise."""
    generator.train()
    discriminator.train()
    return _noise_gradient(generator, discriminator, noise, loss=loss)


def penalty_gradients(
    discriminator: nnx.Module,
    real: jax.Array,
    fake: jax.Array,
    alpha: jax.Array,
    *,
    penalty: Callable[..., jax.Array],
) -> tuple[jax.Array, nnx.State]:
    """The gradient penalty alone, and its gradient with respect to every parameter."""
    discriminator.train()
    return _penalty_gradients(discriminator, real, fake, alpha, penalty=penalty)


def pull_back(
    function: Callable[..., jax.Array], upstream: jax.Array, *inputs: jax.Array
) -> tuple[jax.Array, tuple[jax.Array, ...]]:
    """The function's output, and the vector-Jacobian product of `upstream` with each input."""

    # With jax.vjp a layer cannot update its statistics; nnx returns those of its arguments.
    def objective(*arguments: Any) -> tuple[jax.Array, jax.Array]:
        *tensors, layer = arguments
        output = layer(*tensors)
        return (upstream * output).sum(), output

    transformed = nnx.value_and_grad(objective, argnums=tuple(range(len(inputs))), has_aux=True)
    (_, output), products = transformed(*inputs, function)
    return output, products


def multiply(left: jax.Array, right: jax.Array) -> jax.Array:
    """The product of two matrices, in bfloat16 if that is how networks compute."""
    if is_mixed():
        left, right = left.astype(jnp.bfloat16), right.astype(jnp.bfloat16)
    return left @ right


def convolve(maps: jax.Array, kernel: jax.Array) -> jax.Array:
    """Maps convolved with a kernel (both as `to_native` gives them), without padding."""
    # to_native orders the axes of every kernel like those of maps.
    axes = ("NHWC", "OHWI", "NHWC")
    return jax.lax.conv_general_dilated(maps, kernel, (1, 1), "VALID", dimension_numbers=axes)


@nnx.jit
def _apply(network: nnx.Module, inputs: jax.Array) -> tuple[jax.Array, dict[str, jax.Array]]:
    # One program for both: jax_impl.tracing compiles each operation by itself, which took a tenth
    # of the time of all that is compared in float64, and a quarter in float32.
    with kept_outputs(network) as outputs:
        return network(inputs), outputs


@nnx.jit(static_argnames="loss")
def _image_gradients(
    discriminator: nnx.Module,
    real: jax.Array,
    fake: jax.Array,
    *,
    loss: Callable[[jax.Array, jax.Array], jax.Array],
) -> tuple[jax.Array, jax.Array]:
    def objective(real: jax.Array, fake: jax.Array, discriminator: nnx.Module) -> jax.Array:
        return loss(discriminator(real), discriminator(fake))

    return nnx.grad(objective, argnums=(0, 1))(real, fake, discriminator)


@nnx.jit(static_argnames="loss")
def _noise_gradient(
    generator: nnx.Module,
    discriminator: nnx.Module,
    noise: jax.Array,
    *,
    loss: Callable[[jax.Array], jax.Array],
) -> jax.Array:
    def objective(noise: jax.Array, generator: nnx.Module, discriminator: nnx.Module) -> jax.Array:
        return loss(discriminator(generator(noise)))

    return nnx.grad(objective, argnums=0)(noise, generator, discriminator)


@nnx.jit(static_argnames="penalty")
def _penalty_gradients(
    discriminator: nnx.Module,
    real: jax.Array,
    fake: jax.Array,
    alpha: jax.Array,
    *,
    penalty: Callable[..., jax.Array],
) -> tuple[jax.Array, nnx.State]:
    def objective(discriminator: nnx.Module) -> jax.Array:
        return penalty(discriminator, real, fake, alpha)

    parameters = nnx.DiffState(0, nnx.Param)
    return nnx.value_and_grad(objective, argnums=parameters)(discriminator)
