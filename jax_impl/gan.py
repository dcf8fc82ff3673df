"""A row of the catalogue as two networks, two optimisers and two losses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial

import jax
import numpy as np
from flax import nnx

from common.catalogue import System
from common.contract import network_contract
from jax_impl import losses, optimisers
from jax_impl.interop import load_network
from jax_impl.models import dcgan_mnist, lsgan_jittor, lsgan_mlp


@dataclass(frozen=True, eq=False)
class GAN:
    """Everything that a discriminator step and a generator step need."""

    generator: nnx.Module
    discriminator: nnx.Module
    generator_optimiser: nnx.Optimizer
    discriminator_optimiser: nnx.Optimizer
    generator_loss: Callable[..., jax.Array]
    discriminator_loss: Callable[..., jax.Array]


def build(system: System, state: Mapping[str, np.ndarray]) -> GAN:
    """Build the row with the given canonical state, in this process's device and dtype."""
    # Shapes alone: the weights that NNX would draw here are about to be replaced.
    generator, discriminator = nnx.eval_shape(partial(build_networks, system))
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


def build_networks(system: System) -> tuple[nnx.Module, nnx.Module]:
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


@cache  # jit compiles again for a new loss object, however equal
def build_losses(system: System) -> tuple[Callable[..., jax.Array], Callable[..., jax.Array]]:
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


def build_optimiser(system: System, network: nnx.Module) -> nnx.Optimizer:
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
