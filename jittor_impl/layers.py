"""Layers that at least one of the four frameworks lacks or computes differently."""

import jittor as jt
import numpy as np
from jittor import Var, nn

from jittor_impl.device import chosen_device, chosen_dtype

WIDE = 2**18  # weights of a linear layer whose transposition takes long


def leaky_relu(inputs: Var, *, negative_slope: float) -> Var:
    """max(x, 0) + negative_slope · min(x, 0), with derivative negative_slope at 0."""
    return jt.ternary(inputs > 0, inputs, inputs * constant(negative_slope, inputs))


def tanh(inputs: Var) -> Var:
    """tanh(x), with derivative 0 beyond |x| = 40, where 1 − tanh² is far below rounding."""
    # Jittor's derivative, 1 / cosh², is NaN in float32 once cosh² overflows, beyond |x| = 45.
    limit = jt.zeros_like(inputs) + constant(40.0, inputs)
    outside = jt.ternary(inputs > 0, limit, -limit)
    return jt.ternary(inputs.abs() > limit, outside, inputs).tanh()


def dropout(inputs: Var, mask: Var | None, *, rate: float) -> Var:
    """inputs · mask / (1 − rate), where mask holds 0 for dropped units or channels, else 1.

    Without a mask nothing is dropped.
    """
    return inputs if mask is None else inputs * mask / constant(1 - rate, inputs)


def upsample_nearest(maps: Var) -> Var:
    """Nearest-neighbour upsampling: every pixel twice in height and width."""
    count, channels, height, width = maps.shape
    return maps.reindex((count, channels, 2 * height, 2 * width), ["i0", "i1", "i2/2", "i3/2"])


def upsample_bilinear(maps: Var) -> Var:
    """Bilinear upsampling to twice the height and width, with aligned corners."""
    # Jittor's own computes its weights in float32.
    rows, columns = (jt.array(_between(size).astype(str(maps.dtype))) for size in maps.shape[2:])
    wide = nn.matmul_transpose(maps, columns)
    return nn.matmul_transpose(wide.transpose(2, 3), rows).transpose(2, 3)


class BatchNorm(nn.Module):
    """Batch norm over every axis except the channels, with the running update written out.

    Training normalises by the batch's mean and biased variance, and moves the running
    statistics by `momentum` towards the batch's. With `unbiased_running_variance`, the running
    variance moves towards N/(N−1) times the biased one (as in PyTorch; Keras, Flax and Jittor keep
    the biased one). Inputs are (N, C) or maps.

    Raises:
        ValueError: training with a single value per channel, which has no variance.
    """

    def __init__(
        self, channels: int, *, epsilon: float, momentum: float, unbiased_running_variance: bool
    ) -> None:
        self.epsilon = epsilon
        self.momentum = momentum
        self.unbiased_running_variance = unbiased_running_variance
        dtype = chosen_dtype()
        self.weight = jt.ones(channels, dtype=dtype)
        self.bias = jt.zeros(channels, dtype=dtype)
        # Jittor treats every Var of a module as a parameter; this excludes it from optimisers.
        self.running_mean = jt.zeros(channels, dtype=dtype).stop_grad()
        self.running_var = jt.ones(channels, dtype=dtype).stop_grad()

    def execute(self, inputs: Var) -> Var:
        """Normalise inputs (N, C) or (N, C, H, W)."""
        if not self.is_training():
            return self._normalise(inputs, self.running_mean, self.running_var)
        count = inputs.numel() // inputs.shape[1]
        if count == 1:
            raise ValueError(f"one value per channel in training: inputs {tuple(inputs.shape)}")
        # Two passes: Jittor's own layer computes E[x²] − E[x]², which loses digits.
        mean = average(inputs)
        variance = average((inputs - spread(mean, inputs)).sqr())
        correction = count / (count - 1) if self.unbiased_running_variance else 1.0
        self._move(self.running_mean, mean)
        self._move(self.running_var, variance * constant(correction, variance))
        return self._normalise(inputs, mean, variance)

    def _normalise(self, inputs: Var, mean: Var, variance: Var) -> Var:
        scale = self.weight / (variance + constant(self.epsilon, variance)).sqrt()
        centred = inputs - spread(mean, inputs)
        return centred * spread(scale, inputs) + spread(self.bias, inputs)

    def _move(self, running: Var, batch: Var) -> None:
        running.update(running + (batch - running) * constant(self.momentum, running))


class Linear(nn.Linear):
    """Jittor's linear layer, on a CPU without transposing many weights for a small batch."""

    def execute(self, inputs: Var) -> Var:
        if _is_small_for(self.weight, inputs):
            outputs = nn.matmul_transpose(self.weight, inputs).transpose()
            return outputs if self.bias is None else outputs + self.bias
        return super().execute(inputs)


def _is_small_for(weight: Var, inputs: Var) -> bool:
    """Whether oneDNN would take most of the time of inputs · weightᵀ to transpose the weight."""
    is_matrix = inputs.ndim == 2 and weight.numel() >= WIDE
    return is_matrix and 16 * len(inputs) <= inputs.shape[1] and chosen_device() == "cpu"


class Conv(nn.Conv):
    """Jittor's convolution with a bias whose gradient keeps float32's digits."""

    def execute(self, maps: Var) -> Var:
        return self._convolve(maps, self.weight)

    def _convolve(self, maps: Var, weight: Var) -> Var:
        maps = nn.conv2d(maps, weight, stride=self.stride, padding=self.padding)
        return maps if self.bias is None else maps + spread(self.bias, maps)


class ConvTranspose(nn.ConvTranspose):
    """Jittor's transposed convolution with a bias whose gradient keeps float32's digits."""

    def execute(self, maps: Var) -> Var:
        return self._convolve(maps, self.weight)

    def _convolve(self, maps: Var, weight: Var) -> Var:
        maps = nn.conv_transpose(
            maps,
            weight,
            stride=self.stride,
            padding=self.padding,
            output_padding=self.output_padding,
        )
        return maps if self.bias is None else maps + spread(self.bias, maps)


def _between(size: int) -> np.ndarray:
    """The matrix (2 · size, size) of linear interpolation, corners on corners."""
    places = np.arange(2 * size) * ((size - 1) / (2 * size - 1))
    return np.maximum(0, 1 - np.abs(places[:, None] - np.arange(size)))


def constant(value: float, like: Var) -> Var:
    """A Python number in full precision, in the type of another tensor."""
    # Jittor rounds every Python and NumPy number to float32; an array keeps its precision.
    return jt.array(np.asarray(value, dtype=str(like.dtype)))


def scalar(value: Var) -> Var:
    """The same tensor of one element, marked as a number."""
    # Jittor represents a number as a vector of one element; losses are marked as numbers.
    value.scalar = True
    return value


def is_scalar(value: Var) -> bool:
    """Whether a tensor is marked as a number."""
    return hasattr(value, "scalar")


def average(inputs: Var) -> Var:
    """The mean of scores (N,), or over every axis except the channels."""
    # Jittor sums sequentially: over a batch of maps in float32 that loses two digits, which a
    # float64 sum keeps. The gradient of its own mean rounds 1/N to float32; dividing by an
    # integer is exact.
    total = inputs.float64().sum((0, *range(2, inputs.ndim)))
    return (total / (inputs.numel() // total.numel())).cast(inputs.dtype)


def spread(channels: Var, like: Var) -> Var:
    """One value per channel, repeated over the other axes of `like`."""
    # The gradient of a broadcast is such a sum.
    axes = (0, *range(2, like.ndim))
    return channels.float64().broadcast(like, axes).cast(channels.dtype)
