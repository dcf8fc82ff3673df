"""Layers that at least one of the four frameworks lacks or computes differently."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def leaky_relu(inputs: Tensor, *, negative_slope: float) -> Tensor:
    """max(x, 0) + negative_slope · min(x, 0), with derivative negative_slope at 0."""
    return F.leaky_relu(inputs, negative_slope)


def dropout(inputs: Tensor, mask: Tensor | None, *, rate: float) -> Tensor:
    """inputs · mask / (1 − rate), where mask holds 0 for dropped units or channels, else 1.

    Without a mask nothing is dropped.
    """
    return inputs if mask is None else inputs * mask / (1 - rate)


def upsample_nearest(maps: Tensor) -> Tensor:
    """Nearest-neighbour upsampling: every pixel twice in height and width."""
    return F.interpolate(maps, scale_factor=2, mode="nearest")


def upsample_bilinear(maps: Tensor) -> Tensor:
    """Bilinear upsampling to twice the height and width, with aligned corners."""
    return F.interpolate(maps, scale_factor=2, mode="bilinear", align_corners=True)


class BatchNorm(nn.Module):
    """Batch norm over every axis except the channels, with the running update written out.

    Training normalises by the batch's mean and biased variance, and moves the running
    statistics by `momentum` towards the batch's. With `unbiased_running_variance`, the running
    variance moves towards N/(N−1) times the biased one (as in PyTorch; Keras, Flax and Jittor keep
    the biased one). Inputs are (N, C) or maps.

    Raises:
        ValueError: training with a single value per channel, which has no variance.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(
        self, channels: int, *, epsilon: float, momentum: float, unbiased_running_variance: bool
    ) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.momentum = momentum
        self.unbiased_running_variance = unbiased_running_variance
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, inputs: Tensor) -> Tensor:
        """Normalise inputs (N, C) or (N, C, H, W)."""
        if not self.training:
            return F.batch_norm(
                inputs,
                self.running_mean,
                self.running_var,
                self.weight,
                self.bias,
                training=False,
                eps=self.epsilon,
            )
        # With momentum 1 the fused kernel leaves the batch's own statistics in these two.
        mean, variance = torch.zeros_like(self.running_mean), torch.ones_like(self.running_var)
        batch_norm: Callable[..., Tensor] = partial(F.batch_norm, training=True, momentum=1.0)
        if _adds_in_turn(inputs, self.weight):
            batch_norm = _pairwise_batch_norm
        normalised = batch_norm(inputs, mean, variance, self.weight, self.bias, eps=self.epsilon)
        if not self.unbiased_running_variance:
            count = inputs.numel() // inputs.shape[1]
            variance = variance * ((count - 1) / count)
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance, self.momentum)
        return normalised


def _adds_in_turn(inputs: Tensor, weight: Tensor) -> bool:
    """Whether F.batch_norm would add up all these inputs one after another.

    On a CPU it does so, in float32, where channels come last; where they come first it adds in
    float64. The variance of 16 maps of 56×56 was off by 2e-5.
    """
    is_alike = inputs.device.type == "cpu" and inputs.dtype == weight.dtype
    return is_alike and inputs.ndim == 4 and not inputs.is_contiguous()


def _pairwise_batch_norm(
    inputs: Tensor, mean: Tensor, variance: Tensor, weight: Tensor, bias: Tensor, *, eps: float
) -> Tensor:
    """F.batch_norm in training with momentum 1, its statistics added in pairs."""
    normalised, own_mean, own_variance = _PairwiseBatchNorm.apply(inputs, weight, bias, eps)
    mean.copy_(own_mean)
    variance.copy_(own_variance)
    return normalised


class _PairwiseBatchNorm(torch.autograd.Function):
    @staticmethod
    def forward(
        context: Any, maps: Tensor, weight: Tensor, bias: Tensor, epsilon: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        pixels = maps.permute(0, 2, 3, 1).flatten(0, 2)
        mean = pixels.mean(0)
        squares = (pixels - mean).square_().sum(0)
        variance = squares / len(pixels)
        normalised = F.batch_norm(maps, mean, variance, weight, bias, training=False, eps=epsilon)
        unbiased = squares / (len(pixels) - 1)
        context.save_for_backward(maps, weight, mean, (variance + epsilon).rsqrt())
        context.epsilon = epsilon
        context.mark_non_differentiable(mean, unbiased)
        return normalised, mean, unbiased

    @staticmethod
    def backward(context: Any, gradient: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        maps, weight, mean, inverse_deviation = context.saved_tensors
        gradients: tuple[Tensor, ...] = torch.ops.aten.native_batch_norm_backward(
            gradient,
            maps,
            weight,
            None,
            None,
            mean,
            inverse_deviation,
            True,
            context.epsilon,
            [True, True, True],
        )
        return *gradients, None
