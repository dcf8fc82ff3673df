"""A plain training loop on this framework's own layers, for comparison in `rosetta bench`."""

from collections.abc import Callable

import jittor as jt
from jittor import Var, nn, optim

from common.streams.step_inputs import StepInputs
from common.systems import System
from common.systems.losses import Hinge, LeastSquares, Vanilla, Wasserstein, WassersteinGP
from common.systems.optimisers import SGD, RMSprop
from common.systems.schedules import MixedBatch
from jittor_impl.gan import build_networks
from jittor_impl.interop import to_native
from jittor_impl.layers import BatchNorm, Linear
from jittor_impl.spectral import SpectralConv, SpectralLinear


def plain_step(system: System) -> Callable[[StepInputs], Var]:
    """A function that runs a step on its own networks and returns the generator's loss."""
    generator, discriminator = (_built_in(net) for net in build_networks(system))
    optimiser_g, optimiser_d = _optimiser(system, generator), _optimiser(system, discriminator)
    discriminator_loss, generator_loss = _losses(system)

    def update_discriminator(real: Var, fake: Var, masks: list[list[Var]]) -> None:
        if isinstance(system.schedule, MixedBatch):
            scores = discriminator(jt.concat([real, fake]), *masks[0])
            loss = discriminator_loss(scores[: len(real)], scores[len(real) :])
        else:
            loss = discriminator_loss(
                discriminator(real, *masks[0]), discriminator(fake, *masks[1])
            )
        if isinstance(system.loss, WassersteinGP):
            loss = loss + _penalty(system.loss.penalty_weight, discriminator, real, fake)
        optimiser_d.step(loss)
        if isinstance(system.loss, Wasserstein):
            for parameter in discriminator.parameters():
                parameter.update(
                    jt.clamp(parameter, -system.loss.weight_clip, system.loss.weight_clip)
                )

    def step(inputs: StepInputs) -> Var:
        fake: Var = None
        if isinstance(system.schedule, MixedBatch):
            fake = generator(to_native(inputs.generator[0].noise))
            loss = generator_loss(discriminator(fake))
            optimiser_g.step(loss)
        for update in inputs.discriminator:
            if update.noise is not None:
                fake = generator(to_native(update.noise))
            masks = [_native(update.real_masks), _native(update.fake_masks)]
            real = to_native(update.real)
            update_discriminator(real, fake[: len(real)].detach(), masks)
        if isinstance(system.schedule, MixedBatch):
            return loss
        for update in inputs.generator:
            if system.schedule.noise_reuse != "fake":
                fake = generator(to_native(update.noise))
            loss = generator_loss(discriminator(fake, *_native(update.masks)))
            optimiser_g.step(loss)
        return loss

    return step


def _losses(system: System) -> tuple[Callable[..., Var], Callable[..., Var]]:
    cross_entropy = nn.binary_cross_entropy_with_logits
    match system.loss:
        case Vanilla():
            return (
                lambda real, fake: (
                    cross_entropy(real, jt.ones_like(real))
                    + cross_entropy(fake, jt.zeros_like(fake))
                ),
                lambda fake: cross_entropy(fake, jt.ones_like(fake)),
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
                lambda real, fake: nn.relu(1 - real).mean() + nn.relu(1 + fake).mean(),
                lambda fake: -fake.mean(),
            )
    sign = system.loss.wasserstein_sign
    return lambda real, fake: sign * (fake.mean() - real.mean()), lambda fake: -sign * fake.mean()


def _penalty(weight: float, discriminator: nn.Module, real: Var, fake: Var) -> Var:
    alpha = jt.rand(len(real), *[1] * (real.ndim - 1))
    between = alpha * real + (1 - alpha) * fake
    slopes = jt.grad(discriminator(between).sum(), between)
    norms = slopes.reshape(len(real), -1).sqr().sum(1).sqrt()
    return weight * ((norms - 1) ** 2).mean()


def _optimiser(system: System, network: nn.Module) -> optim.Optimizer:
    parameters, rate = network.parameters(), system.optimiser.learning_rate
    match system.optimiser:
        case RMSprop():
            return optim.RMSprop(parameters, rate, system.optimiser.epsilon, system.optimiser.decay)
        case SGD():
            return optim.SGD(parameters, rate, system.optimiser.momentum)
    return optim.Adam(
        parameters, rate, system.optimiser.epsilon, (system.optimiser.beta1, system.optimiser.beta2)
    )


def _native(masks: tuple) -> list[Var]:
    return [to_native(mask) for mask in masks]


class _Spectral(nn.Module):
    """A layer whose weight is divided by its largest singular value, as a tutorial has it."""

    def __init__(self, layer: nn.Module) -> None:
        self.layer = layer
        self.u = jt.randn(1, layer.weight.shape[0]).stop_grad()

    def execute(self, inputs: Var) -> Var:
        weight = self.layer.weight
        matrix = weight.reshape(weight.shape[0], -1)
        with jt.no_grad():
            v = self.u @ matrix
            v = v / v.norm()
            u = v @ matrix.transpose()
            self.u.update(u / u.norm())
        self.layer.weight = weight / (self.u @ matrix @ v.transpose()).reshape(1)
        outputs = self.layer(inputs)
        self.layer.weight = weight
        return outputs


def _built_in(network: nn.Module) -> nn.Module:
    """The network with Jittor's own layers in the place of ours."""
    for name, layer in list(vars(network).items()):
        match layer:
            case BatchNorm():
                size, momentum = layer.weight.shape[0], layer.momentum
                setattr(network, name, nn.BatchNorm(size, layer.epsilon, momentum))
            case SpectralConv():
                own = nn.Conv(
                    layer.in_channels,
                    layer.out_channels,
                    layer.kernel_size,
                    layer.stride,
                    layer.padding,
                    bias=layer.bias is not None,
                )
                setattr(network, name, _Spectral(own))
            case Linear():
                own = nn.Linear(layer.in_features, layer.out_features, layer.bias is not None)
                setattr(network, name, own)
            case SpectralLinear():
                own = nn.Linear(layer.in_features, layer.out_features, layer.bias is not None)
                setattr(network, name, _Spectral(own))
            case nn.Module():
                _built_in(layer)
    return network
