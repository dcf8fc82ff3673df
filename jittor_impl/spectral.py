"""Spectral normalisation by power iteration, for linear layers and convolutions."""

import jittor as jt
from jittor import Var, nn

from jittor_impl.device import chosen_dtype
from jittor_impl.layers import Conv, ConvTranspose, constant

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

    def execute(self, inputs: Var) -> Var:
        weight = _divide(self.weight, _sigma(self, self.weight))
        return nn.linear(inputs, weight, self.bias)


class SpectralConv(Conv):
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

    def execute(self, maps: Var) -> Var:
        weight = _divide(self.weight, _sigma(self, self.weight.flatten(1)))
        return self._convolve(maps, weight)


class SpectralConvTranspose(ConvTranspose):
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

    def execute(self, maps: Var) -> Var:
        # Outputs are the second axis of a transposed convolution's weight.
        weight = _divide(self.weight, _sigma(self, self.weight.transpose(0, 1).flatten(1)))
        return self._convolve(maps, weight)


def _add_vectors(layer: nn.Module, matrix: Var, detach_sigma: bool) -> None:
    rows, columns = matrix.shape
    layer.detach_sigma = detach_sigma
    # Jittor treats every Var of a module as a parameter; stop_grad excludes it from optimisers.
    layer.u = jt.randn(1, rows).cast(chosen_dtype()).stop_grad()
    if not detach_sigma:
        layer.v = jt.randn(1, columns).cast(chosen_dtype()).stop_grad()


def _sigma(layer: nn.Module, matrix: Var) -> Var:
    if layer.detach_sigma:
        with jt.no_grad():
            return _detached_sigma(layer, matrix)
    if layer.is_training():
        with jt.no_grad():
            layer.u.update(_normalise(nn.matmul_transpose(layer.v, matrix)))
            layer.v.update(_normalise(layer.u @ matrix))
    return nn.matmul_transpose(layer.u @ matrix, layer.v)


def _detached_sigma(layer: nn.Module, matrix: Var) -> Var:
    v = layer.u @ matrix
    v = v / (_norm(v) + constant(_EPSILON, v))
    u = nn.matmul_transpose(v, matrix)
    u = u / (_norm(u) + constant(_EPSILON, u))
    layer.u.update(u)
    return nn.matmul_transpose(u @ matrix, v)


def _normalise(vector: Var) -> Var:
    return vector / _norm(vector).maximum(constant(_EPSILON, vector))


def _norm(vector: Var) -> Var:
    # Jittor sums sequentially; a float64 sum keeps float32's precision.
    return vector.float64().sqr().sum().sqrt().cast(vector.dtype)


def _divide(weight: Var, sigma: Var) -> Var:
    # The gradient of a broadcast is a sum, here over the whole weight.
    sigma = sigma.float64().reshape((1,)).broadcast(weight)
    return weight / sigma.cast(weight.dtype)
