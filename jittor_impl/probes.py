"""Quantities that parity compares besides whole steps: forward passes and gradients."""

from collections.abc import Callable, Collection

import jittor as jt
import numpy as np
from jittor import Var, nn

from common.streams.step_inputs import StepInputs
from common.systems.schedules import MixedBatch
from jittor_impl import steps
from jittor_impl.gan import GAN
from jittor_impl.interop import native_masks, to_native
from jittor_impl.layers import scalar
from jittor_impl.steps import gradients_of
from jittor_impl.tracing import watched


def forward(network: nn.Module, inputs: Var, *, training: bool) -> Var:
    """The network's output; in training mode its running statistics are updated."""
    # eval() also stops the gradients of the parameters, until train() is called again.
    network.train() if training else network.eval()
    with jt.no_grad():
        return network(inputs)


def layer_outputs(
    network: nn.Module, inputs: Var, layers: Collection[str]
) -> dict[str, np.ndarray]:
    """What each of these layers gives at its first call, in training mode, by its name."""
    outputs: dict[str, np.ndarray] = {}

    def keep(phase: str, name: str, values: np.ndarray) -> None:
        if name in layers:
            outputs.setdefault(name, values)

    with watched({"": network}, {}, keep):
        forward(network, inputs, training=True)
    return outputs


def first_discriminator_gradients(gan: GAN, inputs: StepInputs) -> tuple[Var, Var, steps.Gradients]:
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
        return scalar(losses["loss"] + losses["penalty"]), fake, gradients
    return losses["loss"], fake, gradients


def first_generator_gradients(gan: GAN, inputs: StepInputs) -> tuple[Var, steps.Gradients]:
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
    discriminator: nn.Module,
    real: Var,
    fake: Var,
    *,
    loss: Callable[[Var, Var], Var],
) -> tuple[Var, Var]:
    """The gradients of the discriminator's loss with respect to real and fake images."""
    discriminator.train()
    real, fake = real.clone(), fake.clone()
    value = loss(discriminator(real), discriminator(fake))
    real_gradient, fake_gradient = jt.grad(value, [real, fake], retain_graph=False)
    return real_gradient, fake_gradient


def generator_input_gradient(
    generator: nn.Module,
    discriminator: nn.Module,
    noise: Var,
    *,
    loss: Callable[[Var], Var],
) -> Var:
    """The gradient of the generator's loss with respect to its noise."""
    generator.train()
    discriminator.train()
    noise = noise.clone()
    return jt.grad(loss(discriminator(generator(noise))), noise, retain_graph=False)


def penalty_gradients(
    discriminator: nn.Module,
    real: Var,
    fake: Var,
    alpha: Var,
    *,
    penalty: Callable[..., Var],
) -> tuple[Var, dict[str, Var]]:
    """The gradient penalty alone, and its gradient with respect to every parameter."""
    discriminator.train()
    value = penalty(discriminator, real, fake, alpha)
    gradients = gradients_of(value, discriminator)
    return value.stop_grad(), gradients


def pull_back(
    function: Callable[..., Var], upstream: Var, *inputs: Var
) -> tuple[Var, tuple[Var, ...]]:
    """The function's output, and the vector-Jacobian product of `upstream` with each input."""
    inputs = tuple(tensor.clone() for tensor in inputs)
    output = function(*inputs)
    # Jittor differentiates sums only.
    gradients = jt.grad((output * upstream).sum(), list(inputs), retain_graph=False)
    return output.stop_grad(), tuple(gradients)


def multiply(left: Var, right: Var) -> Var:
    """The product of two matrices, in bfloat16 if that is how networks compute."""
    return left @ right


def convolve(maps: Var, kernel: Var) -> Var:
    """Maps convolved with a kernel (both as `to_native` gives them), without padding."""
    return nn.conv2d(maps, kernel)
