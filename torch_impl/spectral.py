"""Spectral normalisation by power iteration, for linear layers and convolutions."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_EPSILON = 1e-12


class SpectralLinear(nn.Linear):
    """A linear layer whose weight is divided by an estimate of its largest singular value.

    The weight is reshaped to a matrix (outputs, the rest), and the estimate sigma comes from one
    power iteration per forward pass. With `detach_sigma` (godisboy's SN-GAN) sigma is detached
    from the gradient, and every forward pass updates the vector `u`, in evaluation too. Without it
    (Miyato et al. 2018 and PyTorch) the gradient flows through sigma, and `u` and `v` are
    updated only in training.
    """

    def __init__(
        self, in_features: int, out_features: int, *, bias: bool, detach_sigma: bool
    ) -> None:
        super().__init__(in_features, out_features, bias=bias)
        _add_vectors(self, self.weight, detach_sigma)

    def forward(self, inputs: Tensor) -> Tensor:
        return F.linear(inputs, self.weight / _sigma(self, self.weight), self.bias)


class SpectralConv(nn.Conv2d):
    """A square convolution, spectrally normalised as in `SpectralLinear`."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        kernel_size: int,
        stride: int,
        padding: int,
        bias: bool,
        detach_sigma: bool,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, bias=bias)
        _add_vectors(self, self.weight.flatten(1), detach_sigma)

    def forward(self, maps: Tensor) -> Tensor:
        weight = self.weight / _sigma(self, self.weight.flatten(1))
        return F.conv2d(maps, weight, self.bias, self.stride, self.padding)


class SpectralConvTranspose(nn.ConvTranspose2d):
    """A square transposed convolution, spectrally normalised as in `SpectralLinear`."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        kernel_size: int,
        stride: int,
        padding: int,
        bias: bool,
        detach_sigma: bool,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, bias=bias)
        _add_vectors(self, self.weight.transpose(0, 1).flatten(1), detach_sigma)

    def forward(self, maps: Tensor) -> Tensor:  # type: ignore[override]
        # Outputs are the second axis of a transposed convolution's weight.
        weight = self.weight / _sigma(self, self.weight.transpose(0, 1).flatten(1))
        return F.conv_transpose2d(maps, weight, self.bias, self.stride, self.padding)  # type: ignore[arg-type]


def _add_vectors(layer: Any, matrix: Tensor, detach_sigma: bool) -> None:
    rows, columns = matrix.shape
    layer.detach_sigma = detach_sigma
    layer.register_buffer("u", torch.randn(1, rows))
    if not detach_sigma:
        layer.register_buffer("v", torch.randn(1, columns))


def _sigma(layer: Any, matrix: Tensor) -> Tensor:
    # Autocast would round the power iteration to bfloat16.
    with torch.autocast(matrix.device.type, enabled=False):
        if layer.detach_sigma:
            return _detached_sigma(layer, matrix.detach())
        if layer.training:
            with torch.no_grad():
                layer.u.copy_(F.normalize(layer.v @ matrix.T, dim=1, eps=_EPSILON))
                layer.v.copy_(F.normalize(layer.u @ matrix, dim=1, eps=_EPSILON))
        # The next forward pass overwrites both in place, before the gradient of this one is taken.
        u, v = layer.u.clone(), layer.v.clone()
        return (u @ matrix @ v.T).squeeze()


def _detached_sigma(layer: Any, matrix: Tensor) -> Tensor:
    v = layer.u @ matrix
    v = v / (v.norm() + _EPSILON)
    u = v @ matrix.T
    u = u / (u.norm() + _EPSILON)
    layer.u.copy_(u)
    return (u @ matrix @ v.T).squeeze()
