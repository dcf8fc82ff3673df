"""Faults planted in PyTorch: updates."""

from dataclasses import replace

import pytest
from torch import Tensor, nn

from common.parity.timeline import UPDATE
from parity_tests.faults.planting import Fault, change, part, with_options


def _gradients_that_pile_up(patch: pytest.MonkeyPatch) -> None:
    def gradients(
        network: nn.Module, loss: Tensor, *, alone: bool = False
    ) -> dict[str, Tensor | None]:
        loss.backward(inputs=[*network.parameters()])
        return {name: parameter.grad for name, parameter in network.named_parameters()}

    patch.setattr(part("torch", "steps"), "_gradients", gradients)


def _beta2(patch: pytest.MonkeyPatch) -> None:
    with_options(patch, "torch", "build_optimiser", beta2=0.99)


def _with_keywords(patch: pytest.MonkeyPatch, optimiser: str, **keywords: object) -> None:
    change(
        patch,
        part("torch", "optimisers"),
        optimiser,
        lambda build: lambda *arguments, **named: build(*arguments, **{**named, **keywords}),
    )


def _amsgrad(patch: pytest.MonkeyPatch) -> None:
    _with_keywords(patch, "Adam", amsgrad=True)


def _weight_decay(patch: pytest.MonkeyPatch) -> None:
    _with_keywords(patch, "SGD", weight_decay=1e-4)


def _nesterov(patch: pytest.MonkeyPatch) -> None:
    _with_keywords(patch, "SGD", nesterov=True)


def _centred_rmsprop(patch: pytest.MonkeyPatch) -> None:
    _with_keywords(patch, "RMSprop", centered=True)


def _clipping_before_the_update(patch: pytest.MonkeyPatch) -> None:
    schedule, clip = part("torch", "schedule"), part("torch", "optimisers").clip_weights
    original = schedule.update_discriminator

    def update(gan, inputs):
        clip(gan.discriminator, limit=gan.system.loss.weight_clip)
        return original(gan, inputs)

    patch.setattr(schedule, "update_discriminator", update)
    patch.setattr(schedule, "clip_weights", lambda network, *, limit: None)


def _optimisers_that_forget(patch: pytest.MonkeyPatch) -> None:
    schedule = part("torch", "schedule")
    original = schedule.training_step

    def step(gan, arrays):
        gan.generator_optimiser.state.clear()
        gan.discriminator_optimiser.state.clear()
        return original(gan, arrays)

    patch.setattr(schedule, "training_step", step)


def _learning_rate_of_the_discriminator(patch: pytest.MonkeyPatch) -> None:
    gan = part("torch", "gan")
    original = gan.build_optimiser

    def build(system, network):
        faster = type(network).__name__ == "Discriminator"
        rate = (4 if faster else 1) * system.optimiser.learning_rate
        optimiser = replace(system.optimiser, learning_rate=rate)
        return original(replace(system, optimiser=optimiser), network)

    patch.setattr(gan, "build_optimiser", build)


def _both_optimisers_over_one_network(patch: pytest.MonkeyPatch) -> None:
    gan = part("torch", "gan")
    original = gan.build

    def build(system, state):
        built = original(system, state)
        again = gan.build_optimiser(system, built.discriminator)
        return replace(built, generator_optimiser=again)

    patch.setattr(gan, "build", build)


FAULTS = [
    Fault("gradients pile up", "torch", "lsgan_mlp", UPDATE, _gradients_that_pile_up),
    Fault("another beta2", "torch", "lsgan_mlp", UPDATE, _beta2),
    Fault("AMSGrad", "torch", "lsgan_mlp", UPDATE, _amsgrad),
    Fault("weight decay", "torch", "gan_moments", UPDATE, _weight_decay),
    Fault("Nesterov's momentum", "torch", "gan_moments", UPDATE, _nesterov),
    Fault("centred RMSprop", "torch", "wgan.mlp", UPDATE, _centred_rmsprop),
    Fault("clipping before the update", "torch", "wgan.mlp", UPDATE, _clipping_before_the_update),
    Fault("optimisers that forget", "torch", "gan_moments", UPDATE, _optimisers_that_forget),
    Fault(
        "a learning rate of the discriminator's own",
        "torch",
        "wgan_gp_toy",
        UPDATE,
        _learning_rate_of_the_discriminator,
    ),
    Fault(
        "both optimisers over one network",
        "torch",
        "gan_moments",
        UPDATE,
        _both_optimisers_over_one_network,
    ),
]
