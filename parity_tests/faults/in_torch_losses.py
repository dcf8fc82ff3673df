"""Faults planted in PyTorch: losses, penalties and gradients."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from common.parity.timeline import GRADIENT, LOSS, PENALTY
from parity_tests.faults.planting import Fault, change, part, with_losses, with_penalty


def _swapped_real_and_fake(patch: pytest.MonkeyPatch) -> None:
    with_losses(patch, "torch", lambda g, d: (g, lambda real, fake: d(fake, real)))


def _sum_for_mean(patch: pytest.MonkeyPatch) -> None:
    with_losses(patch, "torch", lambda g, d: (g, lambda real, fake: len(real) * d(real, fake)))


def _share_in_float32(patch: pytest.MonkeyPatch) -> None:
    """A mean that multiplies by 1/N, rounded, where it should divide by N."""

    def rounded(loss):
        def multiplied(*scores):
            count = len(scores[0])
            return loss(*scores) * count * float(np.float32(1 / count))

        return multiplied

    with_losses(patch, "torch", lambda g, d: (rounded(g), rounded(d)))


def _saturating_loss(patch: pytest.MonkeyPatch) -> None:
    with_losses(patch, "torch", lambda g, d: (lambda fake: F.logsigmoid(-fake).mean(), d))


def _sigmoid_twice(patch: pytest.MonkeyPatch) -> None:
    with_losses(
        patch,
        "torch",
        lambda g, d: (
            lambda fake: g(fake.sigmoid()),
            lambda real, fake: d(real.sigmoid(), fake.sigmoid()),
        ),
    )


def _masks_scaled_twice(patch: pytest.MonkeyPatch) -> None:
    def scaled_twice(dropout):
        return lambda inputs, mask, *, rate: dropout(
            dropout(inputs, mask, rate=rate), mask, rate=rate
        )

    change(patch, part("torch", "models.lsgan_keras"), "dropout", scaled_twice)


def _one_alpha_for_the_batch(patch: pytest.MonkeyPatch) -> None:
    with_penalty(
        patch,
        "torch",
        lambda penalty: (
            lambda critic, real, fake, alpha: penalty(
                critic, real, fake, alpha[:1].expand_as(alpha)
            )
        ),
    )


def _penalty_without_second_order(patch: pytest.MonkeyPatch) -> None:
    change(
        patch,
        torch.autograd,
        "grad",
        lambda original: (
            lambda *arguments, create_graph=False, **named: original(*arguments, **named)
        ),
    )


def _flat_leaky_relu(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        part("torch", "models.lsgan_mlp"),
        "leaky_relu",
        lambda inputs, *, negative_slope: torch.where(
            inputs > 0, inputs, negative_slope * inputs.detach()
        ),
    )


def _gradient_of_tanh_from_its_input(patch: pytest.MonkeyPatch) -> None:
    """The derivative of tanh is 1 − tanh(x)², here it is 1 − x²."""
    original = torch.Tensor.tanh

    def tanh(inputs):
        slope = inputs - inputs**3 / 3
        return original(inputs).detach() + (slope - slope.detach())

    patch.setattr(torch.Tensor, "tanh", tanh)


def _loss_scale_not_undone(patch: pytest.MonkeyPatch) -> None:
    change(
        patch,
        torch.Tensor,
        "backward",
        lambda original: lambda value, **named: original(1024 * value, **named),
    )


def _gradient_through_sigma(patch: pytest.MonkeyPatch) -> None:
    spectral = part("torch", "spectral")
    constant = spectral._detached_sigma

    def sigma(layer, matrix):
        v = layer.u @ matrix.detach()
        v = v / (v.norm() + spectral._EPSILON)
        constant(layer, matrix.detach())
        return (layer.u.clone() @ matrix @ v.T).squeeze()

    patch.setattr(spectral, "_sigma", sigma)


def _fakes_not_detached(patch: pytest.MonkeyPatch) -> None:
    def step(generator, discriminator, optimiser, real, noise, *, loss, **others):
        value = loss(discriminator(real), discriminator(generator(noise)))
        discriminator.zero_grad(set_to_none=True)
        value.backward()
        optimiser.step()
        return {"loss": value.detach()}

    patch.setattr(part("torch", "steps"), "discriminator_step", step)


FAULTS = [
    Fault("real and fake swapped", "torch", "lsgan_mlp", LOSS, _swapped_real_and_fake),
    Fault("a sum in the place of a mean", "torch", "lsgan_mlp", LOSS, _sum_for_mean),
    Fault("a share in float32", "torch", "lsgan_mlp", LOSS, _share_in_float32),
    Fault("saturating loss", "torch", "gan_moments", LOSS, _saturating_loss),
    Fault("sigmoid taken twice", "torch", "gan_moments", LOSS, _sigmoid_twice),
    Fault("masks scaled twice", "torch", "lsgan_keras", LOSS, _masks_scaled_twice),
    Fault("one alpha for the batch", "torch", "wgan_gp_toy", PENALTY, _one_alpha_for_the_batch),
    Fault(
        "penalty without second order",
        "torch",
        "wgan_gp_toy",
        PENALTY,
        _penalty_without_second_order,
    ),
    Fault("LeakyReLU without slope backwards", "torch", "lsgan_mlp", GRADIENT, _flat_leaky_relu),
    Fault(
        "gradient of tanh from its input",
        "torch",
        "gan_moments",
        GRADIENT,
        _gradient_of_tanh_from_its_input,
    ),
    Fault("loss scale not undone", "torch", "gan_moments", GRADIENT, _loss_scale_not_undone),
    Fault("gradient through sigma", "torch", "sngan", GRADIENT, _gradient_through_sigma),
    Fault("fakes not detached", "torch", "lsgan_mlp", GRADIENT, _fakes_not_detached),
]
