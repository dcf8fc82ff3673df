"""Faults planted in PyTorch: forward passes."""

from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from common.parity.timeline import (
    FORWARD,
)
from parity_tests.faults.planting import (
    Fault,
    change,
    part,
)


def _default_slope(patch: pytest.MonkeyPatch) -> None:
    model = part("torch", "models.lsgan_mlp")
    patch.setattr(model, "leaky_relu", lambda inputs, *, negative_slope: F.leaky_relu(inputs))


def _moments_of_a_sample(patch: pytest.MonkeyPatch) -> None:
    def moments(numbers):
        mean, deviation = numbers.mean(), numbers.std()  # divides by N − 1 by default
        scaled = (numbers - mean) / deviation
        return torch.stack([mean, deviation, scaled.pow(3).mean(), scaled.pow(4).mean() - 3])

    patch.setattr(part("torch", "models.gan_moments"), "_moments", moments)


def _sigmoid_for_tanh(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(torch.Tensor, "tanh", torch.Tensor.sigmoid)


def _pooling_windows_of_three(patch: pytest.MonkeyPatch) -> None:
    change(
        patch,
        F,
        "max_pool2d",
        lambda pool: lambda maps, kernel_size: pool(maps, 3, stride=2, ceil_mode=True),
    )


def _no_bias_after_upsampling(patch: pytest.MonkeyPatch) -> None:
    def forward(layer, maps):
        return F.conv_transpose2d(maps, layer.weight, None, layer.stride, layer.padding)

    patch.setattr(nn.ConvTranspose2d, "forward", forward)


def _larger_epsilon_of_a_norm(patch: pytest.MonkeyPatch) -> None:
    model = part("torch", "models.dcgan_mnist")
    change(patch, model, "_norm", lambda norm: partial(norm, epsilon=1e-3))


def _bilinear_upsampling(patch: pytest.MonkeyPatch) -> None:
    model, layers = part("torch", "models.lsgan_pytorch"), part("torch", "layers")
    patch.setattr(model, "upsample_nearest", layers.upsample_bilinear)


def _two_power_iterations(patch: pytest.MonkeyPatch) -> None:
    change(
        patch,
        part("torch", "spectral"),
        "_detached_sigma",
        lambda original: lambda *arguments: (original(*arguments), original(*arguments))[1],
    )


def _v_before_u(patch: pytest.MonkeyPatch) -> None:
    def sigma(layer, matrix):
        if layer.training:
            with torch.no_grad():
                layer.v.copy_(F.normalize(layer.u @ matrix, dim=1))
                layer.u.copy_(F.normalize(layer.v @ matrix.T, dim=1))
        return (layer.u.clone() @ matrix @ layer.v.clone().T).squeeze()

    patch.setattr(part("torch", "spectral"), "_sigma", sigma)


FAULTS = [
    Fault(
        "PyTorch's default slope",
        "torch",
        "lsgan_mlp",
        FORWARD,
        _default_slope,
        layer="discriminator.linear2",
    ),
    Fault(
        "moments of a sample",
        "torch",
        "gan_moments",
        FORWARD,
        _moments_of_a_sample,
        layer="discriminator.linear1",
    ),
    Fault(
        "sigmoid in the place of tanh",
        "torch",
        "lsgan_mlp",
        FORWARD,
        _sigmoid_for_tanh,
        quantity="output_train",
    ),
    Fault(
        "pooling windows of three",
        "torch",
        "dcgan_mnist",
        FORWARD,
        _pooling_windows_of_three,
        layer="discriminator.conv2",
    ),
    Fault(
        "a bias left out",
        "torch",
        "dcgan_mnist",
        FORWARD,
        _no_bias_after_upsampling,
        layer="generator.up1",
    ),
    Fault(
        "epsilon of a batch norm",
        "torch",
        "dcgan_mnist",
        FORWARD,
        _larger_epsilon_of_a_norm,
        layer="generator.norm1",
    ),
    Fault(
        "bilinear upsampling",
        "torch",
        "lsgan_pytorch",
        FORWARD,
        _bilinear_upsampling,
        layer="generator.block1.conv",
    ),
    Fault(
        "two power iterations",
        "torch",
        "sngan",
        FORWARD,
        _two_power_iterations,
        layer="discriminator.conv1",
    ),
    Fault(
        "v before u",
        "torch",
        "sngan.differentiable",
        FORWARD,
        _v_before_u,
        layer="discriminator.conv1",
    ),
]
