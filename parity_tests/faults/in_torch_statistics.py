"""Faults planted in PyTorch: running statistics and evaluation mode."""

import pytest
import torch
from torch.nn import functional as F

from common.parity.timeline import EVALUATION, STATISTICS
from parity_tests.faults.planting import Fault, part


def _u_that_stands_still(patch: pytest.MonkeyPatch) -> None:
    spectral = part("torch", "spectral")
    original = spectral._detached_sigma

    def still(layer, matrix):
        before = layer.u.clone()
        sigma = original(layer, matrix)
        layer.u.copy_(before)
        return sigma

    patch.setattr(spectral, "_detached_sigma", still)


def _u_that_stands_still_in_evaluation(patch: pytest.MonkeyPatch) -> None:
    """With a detached sigma it is updated there too."""
    spectral = part("torch", "spectral")
    original = spectral._detached_sigma

    def still(layer, matrix):
        before = layer.u.clone()
        sigma = original(layer, matrix)
        if not layer.training:
            layer.u.copy_(before)
        return sigma

    patch.setattr(spectral, "_detached_sigma", still)


def _statistics_that_move_in_evaluation(patch: pytest.MonkeyPatch) -> None:
    norm = part("torch", "layers").BatchNorm
    original = norm.forward

    def forward(layer, inputs):
        outputs = original(layer, inputs)
        if not layer.training:
            batch = inputs.transpose(0, 1).flatten(1)
            layer.running_mean.lerp_(batch.mean(1), layer.momentum)
            layer.running_var.lerp_(batch.var(1), layer.momentum)
        return outputs

    patch.setattr(norm, "forward", forward)


def _statistics_kept_by_the_generator_step(patch: pytest.MonkeyPatch) -> None:
    steps = part("torch", "steps")
    original = steps.generator_step

    def step(generator, *others, **named):
        before = [buffer.clone() for buffer in generator.buffers()]
        value = original(generator, *others, **named)
        for buffer, kept in zip(generator.buffers(), before, strict=True):
            buffer.copy_(kept)
        return value

    patch.setattr(steps, "generator_step", step)


def _correction_by_samples_alone(patch: pytest.MonkeyPatch) -> None:
    """The running variance counts samples where it should count pixels too."""
    norm = part("torch", "layers").BatchNorm
    original = norm.forward

    def forward(layer, inputs):
        before = layer.running_var.clone()
        outputs = original(layer, inputs)
        if layer.training and inputs.ndim > 2:
            pixels, samples = inputs[:, 0].numel(), len(inputs)
            share = samples / (samples - 1) * (pixels - 1) / pixels
            kept = (1 - layer.momentum) * before
            layer.running_var.copy_(kept + share * (layer.running_var - kept))
        return outputs

    patch.setattr(norm, "forward", forward)


def _clipped_statistics(patch: pytest.MonkeyPatch) -> None:
    def clip(network, *, limit):
        with torch.no_grad():
            for tensor in network.state_dict().values():
                tensor.clamp_(-limit, limit)

    patch.setattr(part("torch", "schedule"), "clip_weights", clip)


def _batch_statistics_in_evaluation(patch: pytest.MonkeyPatch) -> None:
    norm = part("torch", "layers").BatchNorm
    original = norm.forward

    def forward(layer, inputs):
        if layer.training:
            return original(layer, inputs)
        return F.batch_norm(
            inputs, None, None, layer.weight, layer.bias, training=True, eps=layer.epsilon
        )

    patch.setattr(norm, "forward", forward)


def _units_scaled_in_evaluation(patch: pytest.MonkeyPatch) -> None:
    block = part("torch", "models.lsgan_keras")._Down
    original = block.forward

    def forward(layer, maps, mask):
        maps = original(layer, maps, mask)
        return maps if layer.training else maps * (1 - layer.rate)

    patch.setattr(block, "forward", forward)


FAULTS = [
    Fault("u stands still", "torch", "sngan", STATISTICS, _u_that_stands_still),
    Fault(
        "u stands still in evaluation",
        "torch",
        "sngan",
        EVALUATION,
        _u_that_stands_still_in_evaluation,
    ),
    Fault(
        "correction by samples alone",
        "torch",
        "dcgan_mnist",
        STATISTICS,
        _correction_by_samples_alone,
    ),
    Fault(
        "statistics that move in evaluation",
        "torch",
        "dcgan_mnist",
        EVALUATION,
        _statistics_that_move_in_evaluation,
    ),
    Fault(
        "statistics that the generator's step leaves alone",
        "torch",
        "dcgan_mnist",
        STATISTICS,
        _statistics_kept_by_the_generator_step,
    ),
    Fault("clipped statistics", "torch", "wgan", STATISTICS, _clipped_statistics),
    Fault(
        "batch statistics in evaluation",
        "torch",
        "dcgan_mnist",
        EVALUATION,
        _batch_statistics_in_evaluation,
    ),
    Fault(
        "units scaled in evaluation",
        "torch",
        "lsgan_keras",
        EVALUATION,
        _units_scaled_in_evaluation,
    ),
]
