"""Faults planted in PyTorch: what a step is given, averages and samples."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch

from common.parity.timeline import AVERAGE, INPUTS, SAMPLING
from parity_tests.faults.planting import Fault, change, part, with_arrays


def _stale_discriminator(patch: pytest.MonkeyPatch) -> None:
    schedule = part("torch", "schedule")
    original = schedule.training_step

    def step(gan, arrays):
        stale = replace(gan, discriminator=deepcopy(gan.discriminator))
        metrics = original(gan, replace(arrays, generator=()))
        return metrics | original(stale, replace(arrays, discriminator=()))

    patch.setattr(schedule, "training_step", step)


def _evaluation_mode_after_sampling(patch: pytest.MonkeyPatch) -> None:
    """Nothing sets training mode again but the probes, which name the mode."""
    generator = part("torch", "models.dcgan_mnist").Generator
    original = generator.train
    patch.setattr(
        generator,
        "train",
        lambda network, mode=None: network if mode is None else original(network, mode),
    )


def _masks_of_the_first_step(patch: pytest.MonkeyPatch) -> None:
    first = []

    def reused(arrays):
        first.append(arrays.discriminator[0])
        (inputs,) = arrays.discriminator
        same = replace(inputs, real_masks=first[0].real_masks)
        return replace(arrays, discriminator=(same,))

    with_arrays(patch, "torch", reused)


def _masks_shared_by_all_passes(patch: pytest.MonkeyPatch) -> None:
    def shared(arrays):
        (inputs,), (of_generator,) = arrays.discriminator, arrays.generator
        same = replace(inputs, fake_masks=inputs.real_masks)
        of_generator = replace(of_generator, masks=inputs.real_masks)
        return replace(arrays, discriminator=(same,), generator=(of_generator,))

    with_arrays(patch, "torch", shared)


def _discriminator_that_is_not_frozen(patch: pytest.MonkeyPatch) -> None:
    """In the generator's step it should be in evaluation mode."""
    discriminator = part("torch", "models.lsgan_keras").Discriminator
    patch.setattr(discriminator, "eval", lambda network: network)


def _two_passes_for_a_mixed_batch(patch: pytest.MonkeyPatch) -> None:
    """Real and fake images should share one set of batch statistics."""
    steps = part("torch", "steps")

    def gradients(discriminator, real, fake, *, loss, masks=()):
        of_real, of_fake = zip(*(mask.split(len(real)) for mask in masks), strict=True)
        value = loss(discriminator(real, *of_real), discriminator(fake, *of_fake))
        return value.detach(), steps._gradients(discriminator, value)

    patch.setattr(steps, "mixed_discriminator_gradients", gradients)


def _average_of_parameters_alone(patch: pytest.MonkeyPatch) -> None:
    @torch.no_grad()
    def update(average, generator, *, decay):
        for kept, new in zip(average.parameters(), generator.parameters(), strict=True):
            kept.lerp_(new, 1 - decay)

    patch.setattr(part("torch", "sampling"), "update_average", update)


def _average_that_is_no_copy(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(part("torch", "sampling"), "start_average", lambda gan: gan.generator)


def _samples_in_training_mode(patch: pytest.MonkeyPatch) -> None:
    sampling = part("torch", "sampling")
    forward, native = sampling.probes.forward, sampling.to_native
    patch.setattr(
        sampling,
        "sample",
        lambda net, noise: sampling.to_canonical(forward(net, native(noise), training=True)),
    )


def _noise_in_float32(patch: pytest.MonkeyPatch) -> None:
    change(
        patch,
        part("torch", "sampling"),
        "sample",
        lambda sample: lambda network, noise: sample(network, np.float32(noise)),
    )


FAULTS = [
    Fault("stale discriminator", "torch", "lsgan_mlp", INPUTS, _stale_discriminator),
    Fault(
        "evaluation mode after sampling",
        "torch",
        "dcgan_mnist",
        INPUTS,
        _evaluation_mode_after_sampling,
    ),
    Fault("masks of the first step", "torch", "lsgan_keras", INPUTS, _masks_of_the_first_step),
    Fault(
        "masks shared by all passes",
        "torch",
        "lsgan_pytorch",
        INPUTS,
        _masks_shared_by_all_passes,
    ),
    Fault(
        "discriminator that is not frozen",
        "torch",
        "lsgan_keras",
        INPUTS,
        _discriminator_that_is_not_frozen,
    ),
    Fault(
        "two passes for a mixed batch",
        "torch",
        "lsgan_keras",
        INPUTS,
        _two_passes_for_a_mixed_batch,
    ),
    Fault("average without buffers", "torch", "dcgan_mnist", AVERAGE, _average_of_parameters_alone),
    Fault("average that is no copy", "torch", "gan_moments", AVERAGE, _average_that_is_no_copy),
    Fault("samples in training mode", "torch", "dcgan_mnist", SAMPLING, _samples_in_training_mode),
    Fault("noise in float32", "torch", "gan_moments", SAMPLING, _noise_in_float32),
]
