"""A system as two networks, two optimisers and its losses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial

import jax.numpy as jnp
import numpy as np
from flax import nnx

from common import systems
from common.contract import Parameter, network_contract
from common.systems import System
from jax_impl import losses, optimisers
from jax_impl.device import is_mixed
from jax_impl.interop import load_network
from jax_impl.losses import Loss
from jax_impl.models import (
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
from jax_impl.parallel import replicate

_filled = cache(partial)  # jit compiles again for a new loss object, even an equal one


NETWORKS: dict[type, tuple[type[nnx.Module], type[nnx.Module]]] = {
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
OPTIMISERS: dict[type, Callable[..., nnx.Optimizer]] = {
    systems.optimisers.Adam: optimisers.adam,
    systems.optimisers.KerasAdam: optimisers.keras_adam,
    systems.optimisers.RMSprop: optimisers.rmsprop,
    systems.optimisers.SGD: optimisers.sgd,
}


@dataclass(frozen=True, eq=False)
class GAN:
    """Everything that one step of the system's schedule needs."""

    system: System
    generator: nnx.Module
    discriminator: nnx.Module
    generator_optimiser: nnx.Optimizer
    discriminator_optimiser: nnx.Optimizer
    generator_loss: Loss
    discriminator_loss: Loss
    penalty: Loss | None


def build(system: System, state: Mapping[str, np.ndarray]) -> GAN:
    """Build the system from a canonical state, on this process's device and in its dtype."""
    # Only the shapes: the weights that NNX would draw are replaced anyway.
    generator, discriminator = nnx.eval_shape(partial(build_networks, system))
    load_network(generator, network_contract(system, "generator"), state)
    load_network(discriminator, network_contract(system, "discriminator"), state)
    if is_mixed():
        _mix_precision(generator, network_contract(system, "generator"))
        _mix_precision(discriminator, network_contract(system, "discriminator"))
    generator_loss, discriminator_loss = build_losses(system)
    return GAN(
        system,
        generator,
        discriminator,
        replicate(build_optimiser(system, generator)),
        replicate(build_optimiser(system, discriminator)),
        generator_loss,
        discriminator_loss,
        build_penalty(system),
    )


def build_networks(system: System) -> tuple[nnx.Module, nnx.Module]:
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
        _filled(generator_loss, **system.loss.generator),
        _filled(discriminator_loss, **system.loss.discriminator),
    )


def build_penalty(system: System) -> Loss | None:
    """The system's gradient penalty with its weight filled in, if its loss has one."""
    if not isinstance(system.loss, systems.losses.WassersteinGP):
        return None
    return _filled(losses.gradient_penalty, weight=system.loss.penalty_weight)


def build_optimiser(system: System, network: nnx.Module) -> nnx.Optimizer:
    """The system's optimiser over one network's trainable parameters."""
    return OPTIMISERS[type(system.optimiser)](network, **system.optimiser.keywords)


def _mix_precision(network: nnx.Module, parameters: tuple[Parameter, ...]) -> None:
    """The type of every layer's computation but the last one's; parameters stay in float32."""
    network.set_attributes(nnx.Linear, nnx.Conv, nnx.ConvTranspose, dtype=jnp.bfloat16)
    last = network
    for name in parameters[-1].module.split("."):
        last = last[int(name)] if name.isdigit() else getattr(last, name)
    last.dtype = None  # then the common type of its inputs and its weights: scores are float32
