"""A row of the catalogue as two networks, two optimisers and two losses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from torch import Tensor, nn
from torch.optim import Optimizer

from common.catalogue import System
from common.contract import network_contract
from torch_impl import losses, optimisers
from torch_impl.device import chosen_device
from torch_impl.interop import load_network
from torch_impl.models import dcgan_mnist, lsgan_jittor, lsgan_mlp


@dataclass(frozen=True, eq=False)
class GAN:
    """Everything that a discriminator step and a generator step need."""

    generator: nn.Module
    discriminator: nn.Module
    generator_optimiser: Optimizer
    discriminator_optimiser: Optimizer
    generator_loss: Callable[..., Tensor]
    discriminator_loss: Callable[..., Tensor]


def build(system: System, state: Mapping[str, np.ndarray]) -> GAN:
    """Build the row with the given canonical state, in this process's device and dtype."""
    generator, discriminator = (net.to(chosen_device()) for net in build_networks(system))
    load_network(generator, network_contract(system, "generator"), state)
    load_network(discriminator, network_contract(system, "discriminator"), state)
    generator_loss, discriminator_loss = build_losses(system)
    return GAN(
        generator,
        discriminator,
        build_optimiser(system, generator),
        build_optimiser(system, discriminator),
        generator_loss,
        discriminator_loss,
    )


def build_networks(system: System) -> tuple[nn.Module, nn.Module]:
    """The row's generator and discriminator with this framework's own initial weights."""
    image = {"image_size": system.image_size, "channels": system.channels}
    match system.architecture:
        case "lsgan_mlp":
            return (
                lsgan_mlp.Generator(
                    latent_dim=system.latent_dim, features=system.generator_features, **image
                ),
                lsgan_mlp.Discriminator(features=system.discriminator_features, **image),
            )
        case "dcgan_mnist":
            width = {"base_channels": system.base_channels, "dense_features": system.dense_features}
            return (
                dcgan_mnist.Generator(latent_dim=system.latent_dim, **width, **image),
                dcgan_mnist.Discriminator(**width, **image),
            )
        case "lsgan_jittor":
            width = {"base_channels": system.base_channels}
            return (
                lsgan_jittor.Generator(latent_dim=system.latent_dim, **width, **image),
                lsgan_jittor.Discriminator(**width, **image),
            )
    raise ValueError(f"no architecture {system.architecture!r}")


def build_losses(system: System) -> tuple[Callable[..., Tensor], Callable[..., Tensor]]:
    """The row's generator loss and discriminator loss, its labels and factors filled in."""
    match system.loss:
        case "vanilla":
            return losses.vanilla_generator_loss, losses.vanilla_discriminator_loss
        case "least_squares":
            return (
                partial(
                    losses.least_squares_generator_loss,
                    gen_label=system.gen_label,
                    factor=system.generator_factor,
                ),
                partial(
                    losses.least_squares_discriminator_loss,
                    real_label=system.real_label,
                    fake_label=system.fake_label,
                    factor=system.discriminator_factor,
                ),
            )
    raise ValueError(f"no loss {system.loss!r}")


def build_optimiser(system: System, network: nn.Module) -> Optimizer:
    """The row's optimiser over one network's trainable parameters."""
    match system.optimiser:
        case "adam":
            return optimisers.adam(
                network,
                learning_rate=system.learning_rate,
                beta1=system.beta1,
                beta2=system.beta2,
                epsilon=system.epsilon,
            )
        case "rmsprop":
            return optimisers.rmsprop(
                network,
                learning_rate=system.learning_rate,
                decay=system.decay,
                epsilon=system.epsilon,
            )
        case "sgd":
            return optimisers.sgd(
                network, learning_rate=system.learning_rate, momentum=system.momentum
            )
    raise ValueError(f"no optimiser {system.optimiser!r}")
