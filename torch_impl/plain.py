"""A plain training loop on this framework's own layers, for comparison in `rosetta bench`."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from common.streams.step_inputs import StepInputs
from common.systems import System
from common.systems.losses import Hinge, LeastSquares, Vanilla, Wasserstein, WassersteinGP
from common.systems.optimisers import SGD, RMSprop
from common.systems.schedules import MixedBatch
from torch_impl.device import chosen_device
from torch_impl.gan import build_networks
from torch_impl.interop import to_native
from torch_impl.layers import BatchNorm
from torch_impl.spectral import SpectralConv, SpectralLinear


def plain_step(system: System) -> Callable[[StepInputs], Tensor]:
    """A function that runs a step on its own networks and returns the generator's loss."""
    device = chosen_device()
    generator, discriminator = (_built_in(net).to(device) for net in build_networks(system))
    optimiser_g, optimiser_d = _optimiser(system, generator), _optimiser(system, discriminator)
    discriminator_loss, generator_loss = _losses(system)

    def update_discriminator(real: Tensor, fake: Tensor, masks: list[list[Tensor]]) -> None:
        optimiser_d.zero_grad()
        loss = discriminator_loss(discriminator(real, *masks[0]), discriminator(fake, *masks[1]))
        if isinstance(system.loss, WassersteinGP):
            loss = loss + _penalty(system.loss.penalty_weight, discriminator, real, fake)
        loss.backward()
        optimiser_d.step()
        if isinstance(system.loss, Wasserstein):
            for parameter in discriminator.parameters():
                parameter.data.clamp_(-system.loss.weight_clip, system.loss.weight_clip)

    def update_generator(fake: Tensor, masks: list[Tensor]) -> Tensor:
        optimiser_g.zero_grad()
        loss = generator_loss(discriminator(fake, *masks))
        loss.backward()
        optimiser_g.step()
        return loss

    def update_on_mixture(real: Tensor, fake: Tensor, masks: list[Tensor]) -> None:
        optimiser_d.zero_grad()
        scores = discriminator(torch.cat([real, fake]), *masks)
        discriminator_loss(scores[: len(real)], scores[len(real) :]).backward()
        optimiser_d.step()

    def step(inputs: StepInputs) -> Tensor:
        if isinstance(system.schedule, MixedBatch):
            (update,), (last,) = inputs.discriminator, inputs.generator
            fake, real = generator(to_native(last.noise)), to_native(update.real)
            loss = update_generator(fake, [])
            update_on_mixture(real, fake[: len(real)].detach(), _native(update.real_masks))
            return loss
        for update in inputs.discriminator:
            fake = generator(to_native(update.noise))
            masks = [_native(update.real_masks), _native(update.fake_masks)]
            update_discriminator(to_native(update.real), fake.detach(), masks)
        for update in inputs.generator:
            if system.schedule.noise_reuse != "fake":
                fake = generator(to_native(update.noise))
            loss = update_generator(fake, _native(update.masks))
        return loss

    return step


def _losses(system: System) -> tuple[Callable[..., Tensor], Callable[..., Tensor]]:
    cross_entropy = F.binary_cross_entropy_with_logits
    match system.loss:
        case Vanilla():
            return (
                lambda real, fake: (
                    cross_entropy(real, torch.ones_like(real))
                    + cross_entropy(fake, torch.zeros_like(fake))
                ),
                lambda fake: cross_entropy(fake, torch.ones_like(fake)),
            )
        case LeastSquares():
            return (
                lambda real, fake: (
                    system.loss.discriminator_factor
                    * (
                        F.mse_loss(real, torch.full_like(real, system.loss.real_label))
                        + F.mse_loss(fake, torch.full_like(fake, system.loss.fake_label))
                    )
                ),
                lambda fake: (
                    system.loss.generator_factor
                    * F.mse_loss(fake, torch.full_like(fake, system.loss.gen_label))
                ),
            )
        case Hinge():
            return (
                lambda real, fake: F.relu(1 - real).mean() + F.relu(1 + fake).mean(),
                lambda fake: -fake.mean(),
            )
    sign = system.loss.wasserstein_sign
    return lambda real, fake: sign * (fake.mean() - real.mean()), lambda fake: -sign * fake.mean()


def _penalty(weight: float, discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    alpha = torch.rand(len(real), *[1] * (real.dim() - 1), device=real.device)
    between = (alpha * real + (1 - alpha) * fake).requires_grad_()
    scores = discriminator(between)
    (slopes,) = torch.autograd.grad(scores.sum(), between, create_graph=True)
    return weight * ((slopes.flatten(1).norm(2, dim=1) - 1) ** 2).mean()


def _optimiser(system: System, network: nn.Module) -> torch.optim.Optimizer:
    parameters, rate = network.parameters(), system.optimiser.learning_rate
    match system.optimiser:
        case RMSprop():
            return torch.optim.RMSprop(
                parameters, rate, system.optimiser.decay, system.optimiser.epsilon
            )
        case SGD():
            return torch.optim.SGD(parameters, rate, system.optimiser.momentum)
    return torch.optim.Adam(
        parameters, rate, (system.optimiser.beta1, system.optimiser.beta2), system.optimiser.epsilon
    )


def _native(masks: tuple) -> list[Tensor]:
    return [to_native(mask) for mask in masks]


class _BatchNorm(nn.BatchNorm2d):
    """PyTorch's own, of vectors as well as of maps."""

    def _check_input_dim(self, input: Tensor) -> None:
        return


def _built_in(network: nn.Module) -> nn.Module:
    """The network with PyTorch's own layers in the place of ours."""
    for name, layer in network.named_children():
        match layer:
            case BatchNorm():
                size = len(layer.weight)
                setattr(network, name, _BatchNorm(size, layer.epsilon, layer.momentum))
            case SpectralConv():
                own = nn.Conv2d(
                    layer.in_channels,
                    layer.out_channels,
                    layer.kernel_size,
                    layer.stride,
                    layer.padding,
                    bias=layer.bias is not None,
                )
                setattr(network, name, spectral_norm(own))
            case SpectralLinear():
                own = nn.Linear(layer.in_features, layer.out_features, layer.bias is not None)
                setattr(network, name, spectral_norm(own))
            case _:
                _built_in(layer)
    return network
