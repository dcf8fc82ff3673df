"""Quantities that parity compares besides whole steps: forward passes and gradients."""

from collections.abc import Callable, Collection

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from common.streams.step_inputs import StepInputs
from common.systems.schedules import MixedBatch
from torch_impl import steps
from torch_impl.device import chosen_device, is_mixed
from torch_impl.gan import GAN
from torch_impl.interop import native_masks, to_native
from torch_impl.tracing import watched


def forward(network: nn.Module, inputs: Tensor, *, training: bool) -> Tensor:
    """The network's output; in training mode its running statistics are updated."""
    network.train(training)
    with torch.no_grad():
        return network(inputs)


def layer_outputs(
    network: nn.Module, inputs: Tensor, layers: Collection[str]
) -> dict[str, np.ndarray]:
    """What each of these layers gives at its first call, in training mode, by its name."""
    outputs: dict[str, np.ndarray] = {}

    def keep(phase: str, name: str, values: np.ndarray) -> None:
        if name in layers:
            outputs.setdefault(name, values)

    with watched({"": network}, {}, keep):
        forward(network, inputs, training=True)
    return outputs


def first_discriminator_gradients(
    gan: GAN, inputs: StepInputs
) -> tuple[Tensor, Tensor, steps.Gradients]:
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
        **native_masks(  # type: ignore[arg-type]
            real_masks=first.real_masks, fake_masks=first.fake_masks
        ),
    )
    if "penalty" in losses:
        return losses["loss"] + losses["penalty"], fake, gradients
    return losses["loss"], fake, gradients


def first_generator_gradients(gan: GAN, inputs: StepInputs) -> tuple[Tensor, steps.Gradients]:
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
    real: Tensor,
    fake: Tensor,
    *,
    loss: Callable[[Tensor, Tensor], Tensor],
) -> tuple[Tensor, Tensor]:
    """The gradients of the discriminator's loss with respect to real and fake images."""
    discriminator.train()
    real, fake = real.clone().requires_grad_(), fake.clone().requires_grad_()
    value = loss(discriminator(real), discriminator(fake))
    of_real, of_fake = torch.autograd.grad(value, (real, fake))
    return of_real, of_fake


def generator_input_gradient(
    generator: nn.Module,
    discriminator: nn.Module,
    noise: Tensor,
    *,
    loss: Callable[[Tensor], Tensor],
) -> Tensor:
    """The gradient of the generator's loss with respect to its noise."""
    generator.train()
    discriminator.train()
    noise = noise.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(discriminator(generator(noise))), noise)
    return gradient


def penalty_gradients(
    discriminator: nn.Module,
    real: Tensor,
    fake: Tensor,
    alpha: Tensor,
    *,
    penalty: Callable[..., Tensor],
) -> tuple[Tensor, dict[str, Tensor]]:
    """The gradient penalty alone, and its gradient with respect to every parameter."""
    discriminator.train()
    value = penalty(discriminator, real, fake, alpha)
    names, parameters = zip(*discriminator.named_parameters(), strict=True)
    # The last bias does not affect the gradient of the scores: autograd returns None for it.
    gradients = torch.autograd.grad(value, parameters, allow_unused=True, materialize_grads=True)
    return value.detach(), dict(zip(names, gradients, strict=True))


def pull_back(
    function: Callable[..., Tensor], upstream: Tensor, *inputs: Tensor
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """The function's output, and the vector-Jacobian product of `upstream` with each input."""
    inputs = tuple(tensor.clone().requires_grad_() for tensor in inputs)
    output = function(*inputs)
    return output.detach(), torch.autograd.grad(output, inputs, upstream)


def multiply(left: Tensor, right: Tensor) -> Tensor:
    """The product of two matrices, in bfloat16 if that is how networks compute."""
    with torch.autocast(chosen_device().type, torch.bfloat16, enabled=is_mixed()):
        return left @ right


def convolve(maps: Tensor, kernel: Tensor) -> Tensor:
    """Maps convolved with a kernel (both as `to_native` gives them), without padding."""
    return F.conv2d(maps, kernel)
