"""Faults planted in Jittor: forward passes, statistics, losses and penalties."""

import jittor as jt
import numpy as np
import pytest
from jittor import nn

from common.parity.timeline import FORWARD, LOSS, PENALTY, STATISTICS
from parity_tests.faults.planting import (
    Fault,
    change,
    part,
    with_losses,
    with_options,
    with_penalty,
)


def _kurtosis_with_the_three(patch: pytest.MonkeyPatch) -> None:
    model = part("jittor", "models.gan_moments")
    three = np.array([0.0, 0.0, 0.0, 3.0])
    change(
        patch, model, "_moments", lambda moments: lambda numbers: moments(numbers) + jt.array(three)
    )


def _square_weights_transposed(patch: pytest.MonkeyPatch) -> None:
    interop = part("jittor", "interop")
    original = interop._overwrite

    def overwrite(tensor, array):
        square = array.ndim == 2 and array.shape[0] == array.shape[1]
        original(tensor, array.T.copy() if square else array)

    patch.setattr(interop, "_overwrite", overwrite)


def _momentum_in_float32(patch: pytest.MonkeyPatch) -> None:
    """Jittor rounds a Python number."""
    patch.setattr(
        part("jittor", "layers").BatchNorm,
        "_move",
        lambda layer, running, batch: running.update(running + (batch - running) * layer.momentum),
    )


def _label_of_the_generator(patch: pytest.MonkeyPatch) -> None:
    with_options(patch, "jittor", "build_losses", gen_label=0.0)


def _hinge_without_margin(patch: pytest.MonkeyPatch) -> None:
    average = part("jittor", "losses").average
    with_losses(
        patch,
        "jittor",
        lambda g, d: (g, lambda real, fake: average(nn.relu(-real)) + average(nn.relu(fake))),
    )


def _norm_over_the_batch(patch: pytest.MonkeyPatch) -> None:
    losses = part("jittor", "losses")
    change(patch, losses, "_norm", lambda norm: lambda samples: norm(samples.transpose(1, 0)))


def _penalty_at_real_points(patch: pytest.MonkeyPatch) -> None:
    with_penalty(
        patch,
        "jittor",
        lambda penalty: lambda critic, real, fake, alpha: penalty(critic, real, real, alpha),
    )


FAULTS = [
    Fault(
        "kurtosis with the three",
        "jittor",
        "gan_moments",
        FORWARD,
        _kurtosis_with_the_three,
        layer="discriminator.linear1",
    ),
    Fault(
        "square weights transposed",
        "jittor",
        "wgan_gp_toy",
        FORWARD,
        _square_weights_transposed,
        layer="generator.linear2",
    ),
    Fault("momentum in float32", "jittor", "dcgan_mnist", STATISTICS, _momentum_in_float32),
    Fault("label of the generator", "jittor", "lsgan_mlp", LOSS, _label_of_the_generator),
    Fault("hinge without margin", "jittor", "dcgan_mnist.hinge", LOSS, _hinge_without_margin),
    Fault("a norm over the batch", "jittor", "wgan_gp_toy", PENALTY, _norm_over_the_batch),
    Fault("penalty at real points", "jittor", "wgan_gp_toy", PENALTY, _penalty_at_real_points),
]
