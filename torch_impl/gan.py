"""A row of the catalogue as two networks, two optimisers and its losses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from torch import Tensor, nn
from torch.optim import Optimizer

from common.catalogue import System
from common.contract import network_contract
from common.errors import UsageError
from torch_impl import losses, optimisers
from torch_impl.device import chosen_device, is_compiled
from torch_impl.interop import load_network
from torch_impl.networks import build_networks


@dataclass(frozen=True, eq=False)
class GAN:
    """Everything that one step of the row's schedule needs."""

    system: System
    generator: nn.Module
    discriminator: nn.Module
    generator_optimiser: Optimizer
    discriminator_optimiser: Optimizer
    generator_loss: Callable[..., Tensor]
    discriminator_loss: Callable[..., Tensor]
    penalty: Callable[..., Tensor] | None


def build(system: System, state: Mapping[str, np.ndarray]) -> GAN:
    """Build the row with the given canonical state, in this process's device and dtype."""
    generator, discriminator = (net.to(chosen_device()) for net in build_networks(system))
    load_network(generator, network_contract(system, "generator"), state)
    load_network(discriminator, network_contract(system, "discriminator"), state)
    if is_compiled():
        _compile(system, generator, discriminator)
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


def build_losses(system: System) -> tuple[Callable[..., Tensor], Callable[..., Tensor]]:
    """The row's generator loss and discriminator loss, its labels, factors and sign filled in."""
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
        case "wasserstein" | "wasserstein_gp":
            sign = system.wasserstein_sign
            return (
                partial(losses.wasserstein_generator_loss, sign=sign),
                partial(losses.wasserstein_discriminator_loss, sign=sign),
            )
        case "hinge":
            return losses.hinge_generator_loss, losses.hinge_discriminator_loss
    raise ValueError(f"no loss {system.loss!r}")


def build_penalty(system: System) -> Callable[..., Tensor] | None:
    """The row's gradient penalty with its weight filled in, where its loss has one."""
    if system.loss != "wasserstein_gp":
        return None
    return partial(losses.gradient_penalty, weight=system.penalty_weight)


def build_optimiser(system: System, network: nn.Module) -> Optimizer:
    """The row's optimiser over one network's trainable parameters."""
    match system.optimiser:
        case "adam" | "keras_adam":
            adam = optimisers.adam if system.optimiser == "adam" else optimisers.keras_adam
            return adam(
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


def _compile(system: System, *networks: nn.Module) -> None:
    if system.loss == "wasserstein_gp":
        raise UsageError(
            "PyTorch cannot compile what is differentiated twice, as the gradient penalty is: "
            "use --no-compile"
        )
    for network in networks:
        network.compile()
