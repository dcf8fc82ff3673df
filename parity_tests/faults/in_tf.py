"""Faults planted in TensorFlow: forward passes, statistics, losses and penalties."""

from dataclasses import replace
from functools import partial

import pytest
import tensorflow as tf

from common.parity.timeline import (
    EVALUATION,
    FORWARD,
    LOSS,
    PENALTY,
    STATISTICS,
)
from parity_tests.faults.planting import Fault, change, part, with_losses, with_options


def _slope_as_an_attribute(patch: pytest.MonkeyPatch) -> None:
    """TensorFlow's own layer keeps its slope in float32."""
    model = part("tf", "models.lsgan_mlp")
    patch.setattr(
        model,
        "leaky_relu",
        lambda inputs, *, negative_slope: tf.nn.leaky_relu(inputs, negative_slope),
    )


def _maps_flattened_channels_first(patch: pytest.MonkeyPatch) -> None:
    change(
        patch,
        part("tf", "interop"),
        "to_channels_last",
        lambda original: (
            lambda parameter, values: original(
                replace(parameter, maps_in=None, maps_out=None), values
            )
        ),
    )


def _kernel_not_flipped(patch: pytest.MonkeyPatch) -> None:
    interop = part("tf", "interop")
    original = interop.to_channels_last

    def flipped(parameter, values):
        turned = original(parameter, values)
        return turned[::-1, ::-1] if parameter.kind == "conv_transpose" else turned

    patch.setattr(interop, "to_channels_last", flipped)


def _unbiased_variance_in_the_norm(patch: pytest.MonkeyPatch) -> None:
    norm = part("tf", "layers").BatchNorm
    original = norm._rescale

    def rescale(layer, centred, variance):
        values = tf.cast(tf.size(centred) // tf.shape(centred)[-1], variance.dtype)
        return original(layer, centred, variance * values / (values - 1))

    patch.setattr(norm, "_rescale", rescale)


def _biased_running_variance(patch: pytest.MonkeyPatch) -> None:
    change(
        patch,
        part("tf", "models.dcgan_mnist"),
        "_norm",
        lambda norm: partial(norm, unbiased_running_variance=False),
    )


def _fakes_made_twice(patch: pytest.MonkeyPatch) -> None:
    steps = part("tf", "steps")
    original = steps.discriminator_step

    def step(generator, discriminator, optimiser, real, noise, **named):
        generator(noise, training=True)
        return original(generator, discriminator, optimiser, real, noise, **named)

    patch.setattr(steps, "discriminator_step", step)


def _variance_read_as_a_deviation(patch: pytest.MonkeyPatch) -> None:
    norm = part("tf", "layers").BatchNorm
    original = norm.call

    def call(self, inputs, training=False):
        if training:
            return original(self, inputs, training=True)
        return self.gamma * (inputs - self.moving_mean) / self.moving_variance + self.beta

    patch.setattr(norm, "call", call)


def _another_label_of_fakes(patch: pytest.MonkeyPatch) -> None:
    with_options(patch, "tf", "build_losses", fake_label=-1.0)


def _logarithm_with_epsilon(patch: pytest.MonkeyPatch) -> None:
    def score(probabilities):
        return -tf.reduce_mean(tf.math.log(probabilities + 1e-7))

    with_losses(
        patch,
        "tf",
        lambda g, d: (
            lambda fake: score(tf.sigmoid(fake)),
            lambda real, fake: score(tf.sigmoid(real)) + score(1 - tf.sigmoid(fake)),
        ),
    )


def _norm_without_its_root(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(part("tf", "losses"), "_root", lambda squares: squares)


def _another_weight_of_the_penalty(patch: pytest.MonkeyPatch) -> None:
    with_options(patch, "tf", "build_penalty", penalty_weight=10.0)


FAULTS = [
    Fault(
        "a slope in float32",
        "tf",
        "lsgan_mlp",
        FORWARD,
        _slope_as_an_attribute,
        layer="discriminator.linear2",
    ),
    Fault(
        "maps flattened channels first",
        "tf",
        "dcgan_mnist",
        FORWARD,
        _maps_flattened_channels_first,
        layer="generator.linear2",
    ),
    Fault(
        "a kernel that is not flipped",
        "tf",
        "dcgan_mnist",
        FORWARD,
        _kernel_not_flipped,
        layer="generator.up1",
    ),
    Fault(
        "unbiased variance in the norm",
        "tf",
        "dcgan_mnist",
        FORWARD,
        _unbiased_variance_in_the_norm,
        layer="generator.norm1",
    ),
    Fault("biased running variance", "tf", "dcgan_mnist", STATISTICS, _biased_running_variance),
    Fault("fakes made twice", "tf", "dcgan_mnist", STATISTICS, _fakes_made_twice),
    Fault(
        "a variance read as a deviation",
        "tf",
        "dcgan_mnist",
        EVALUATION,
        _variance_read_as_a_deviation,
    ),
    Fault("another label of fakes", "tf", "lsgan_mlp", LOSS, _another_label_of_fakes),
    Fault("a logarithm with epsilon", "tf", "gan_moments", LOSS, _logarithm_with_epsilon),
    Fault("a norm without its root", "tf", "wgan_gp_toy", PENALTY, _norm_without_its_root),
    Fault(
        "another weight of the penalty",
        "tf",
        "wgan_gp_toy",
        PENALTY,
        _another_weight_of_the_penalty,
    ),
]
