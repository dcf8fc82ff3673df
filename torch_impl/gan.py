"""A system as two networks, two optimisers and its losses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, wraps
from types import MethodType

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from common import UsageError, systems
from common.contract import network_contract
from common.systems import System
from torch_impl import losses, optimisers
from torch_impl.device import chosen_device, is_compiled, is_mixed
from torch_impl.interop import load_network
from torch_impl.losses import Loss
from torch_impl.models import (
    dcgan,
    dcgan_mnist,
    facade,
    gan_moments,
    lsgan_jittor,
    lsgan_keras,
    lsgan_mlp,
    lsgan_pytorch,
    mlp,
    sngan,
    sngan_resnet,
    toy_mlp,
    wgan_gp,
)
from torch_impl.parallel import replicate, shards

NETWORKS: dict[type, tuple[type[nn.Module], type[nn.Module]]] = {
    systems.networks.LSGANJittor: (lsgan_jittor.Generator, lsgan_jittor.Discriminator),
    systems.networks.LSGANKeras: (lsgan_keras.Generator, lsgan_keras.Discriminator),
    systems.networks.LSGANPyTorch: (lsgan_pytorch.Generator, lsgan_pytorch.Discriminator),
    systems.networks.LSGANMLP: (lsgan_mlp.Generator, lsgan_mlp.Discriminator),
    systems.networks.Facade: (dcgan.Generator, facade.Discriminator),
    systems.networks.DCGAN: (dcgan.Generator, dcgan.Discriminator),
    systems.networks.MLP: (mlp.Generator, mlp.Discriminator),
    systems.networks.DCGANMnist: (dcgan_mnist.Generator, dcgan_mnist.Discriminator),
    systems.networks.GANMoments: (gan_moments.Generator, gan_moments.Discriminator),
    systems.networks.WGANGP: (wgan_gp.Generator, wgan_gp.Discriminator),
    systems.networks.ToyMLP: (toy_mlp.Generator, toy_mlp.Discriminator),
    systems.networks.SNDCGAN: (sngan.Generator, sngan.Discriminator),
    systems.networks.SNGANResNet: (sngan_resnet.Generator, sngan_resnet.Discriminator),
}
LOSSES: dict[type, tuple[Loss, Loss]] = {
    systems.losses.Vanilla: (losses.vanilla_generator_loss, losses.vanilla_discriminator_loss),
    systems.losses.LeastSquares: (
        losses.least_squares_generator_loss,
        losses.least_squares_discriminator_loss,
    ),
    systems.losses.Wasserstein: (
        losses.wasserstein_generator_loss,
        losses.wasserstein_discriminator_loss,
    ),
    systems.losses.WassersteinGP: (
        losses.wasserstein_generator_loss,
        losses.wasserstein_discriminator_loss,
    ),
    systems.losses.Hinge: (losses.hinge_generator_loss, losses.hinge_discriminator_loss),
}
OPTIMISERS: dict[type, Callable[..., Optimizer]] = {
    systems.optimisers.Adam: optimisers.adam,
    systems.optimisers.KerasAdam: optimisers.keras_adam,
    systems.optimisers.RMSprop: optimisers.rmsprop,
    systems.optimisers.SGD: optimisers.sgd,
}


@dataclass(frozen=True, eq=False)
class GAN:
    """Everything that one step of the system's schedule needs."""

    system: System
    generator: nn.Module
    discriminator: nn.Module
    generator_optimiser: Optimizer
    discriminator_optimiser: Optimizer
    generator_loss: Loss
    discriminator_loss: Loss
    penalty: Loss | None


def build(system: System, state: Mapping[str, np.ndarray]) -> GAN:
    """Build the system from a canonical state, on this process's device and in its dtype."""
    generator, discriminator = build_networks(system)
    for network in (generator, discriminator):
        network.to(chosen_device(), memory_format=_memory_format(system))  # type: ignore[call-overload]
    load_network(generator, network_contract(system, "generator"), state)
    load_network(discriminator, network_contract(system, "discriminator"), state)
    if is_mixed():
        _mix_precision(generator, discriminator)
    if is_compiled():
        _compile(system, generator, discriminator)
    if shards().total > 1:
        generator, discriminator = replicate(generator), replicate(discriminator)
    generator_loss, discriminator_loss = build_losses(system)
    return GAN(
        system,
        generator,
        discriminator,
        build_optimiser(system, generator),
        build_optimiser(system, discriminator),
        generator_loss,
        discriminator_loss,
        build_penalty(system),
    )


def build_networks(system: System) -> tuple[nn.Module, nn.Module]:
    """The system's generator and discriminator with this framework's own initial weights."""
    generator, discriminator = NETWORKS[type(system.networks)]
    return (
        generator(**system.networks.generator),
        discriminator(**system.networks.discriminator),
    )


def build_losses(system: System) -> tuple[Loss, Loss]:
    """The system's generator loss and discriminator loss, their keywords filled in."""
    generator_loss, discriminator_loss = LOSSES[type(system.loss)]
    return (
        partial(generator_loss, **system.loss.generator),
        partial(discriminator_loss, **system.loss.discriminator),
    )


def build_penalty(system: System) -> Loss | None:
    """The system's gradient penalty with its weight filled in, if its loss has one."""
    if not isinstance(system.loss, systems.losses.WassersteinGP):
        return None
    return partial(losses.gradient_penalty, weight=system.loss.penalty_weight)


def build_optimiser(system: System, network: nn.Module) -> Optimizer:
    """The system's optimiser over one network's trainable parameters."""
    return OPTIMISERS[type(system.optimiser)](network, **system.optimiser.keywords)


def _memory_format(system: System) -> torch.memory_format:
    """Channels last on a CPU, whose convolutions are faster so, but not if differentiated twice."""
    has_penalty = isinstance(system.loss, systems.losses.WassersteinGP)
    last = chosen_device().type == "cpu" and not has_penalty
    return torch.channels_last if last else torch.contiguous_format


def _compile(system: System, *networks: nn.Module) -> None:
    if isinstance(system.loss, systems.losses.WassersteinGP):
        raise UsageError(
            "PyTorch cannot compile what is differentiated twice, as the gradient penalty is: "
            "use --no-compile"
        )
    for network in networks:
        network.compile()


def _mix_precision(*networks: nn.Module) -> None:
    """Run whole forward passes under autocast, and give what they return in float32."""
    for network in networks:
        # Convolutions in bfloat16 are faster in this order of the axes.
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        # A bound method, unlike a closure, follows the network into a copy of it.
        network.forward = MethodType(_in_bfloat16(type(network).forward), network)


def _in_bfloat16(forward: Callable[..., Tensor]) -> Callable[..., Tensor]:
    @wraps(forward)
    def autocast(network: nn.Module, *inputs: Tensor) -> Tensor:
        with torch.autocast(chosen_device().type, torch.bfloat16):
            return forward(network, *inputs).float()

    return autocast
