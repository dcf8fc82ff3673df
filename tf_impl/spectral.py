"""Spectral normalisation by power iteration, for linear layers and convolutions."""

from collections.abc import Iterable

import keras
import tensorflow as tf
from keras import layers

_EPSILON = 1e-12


class SpectralLinear(layers.Layer):
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
        super().__init__()
        _add_weights(self, (in_features, out_features), out_features, bias)
        _add_vectors(self, in_features, out_features, detach_sigma)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        kernel = self.kernel / _sigma(self, self.kernel, training)
        return _biased(self, tf.matmul(inputs, tf.cast(kernel, inputs.dtype)))


class SpectralConv(layers.Layer):
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
        super().__init__()
        self.stride = stride
        self.padding = padding
        shape = (kernel_size, kernel_size, in_channels, out_channels)
        _add_weights(self, shape, out_channels, bias)
        _add_vectors(self, kernel_size**2 * in_channels, out_channels, detach_sigma)

    def call(self, maps: tf.Tensor, training: bool = False) -> tf.Tensor:
        matrix = tf.reshape(self.kernel, (-1, self.kernel.shape[3]))
        kernel = self.kernel / _sigma(self, matrix, training)
        kernel = tf.cast(kernel, maps.dtype)
        padding = _padding(maps.shape[1:3], self.kernel.shape[0], self.stride, self.padding)
        return _biased(self, tf.nn.conv2d(maps, kernel, self.stride, padding))


class SpectralConvTranspose(layers.Layer):
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
        super().__init__()
        self.stride = stride
        self.padding = padding
        self.growth = kernel_size - stride - 2 * padding
        shape = (kernel_size, kernel_size, out_channels, in_channels)
        _add_weights(self, shape, out_channels, bias)
        _add_vectors(self, kernel_size**2 * in_channels, out_channels, detach_sigma)

    def call(self, maps: tf.Tensor, training: bool = False) -> tf.Tensor:
        # Outputs are the third axis of a transposed convolution's kernel.
        outputs = self.kernel.shape[2]
        matrix = tf.reshape(tf.transpose(self.kernel, (0, 1, 3, 2)), (-1, outputs))
        kernel = self.kernel / _sigma(self, matrix, training)
        height, width = (self.stride * size + self.growth for size in maps.shape[1:3])
        kernel = tf.cast(kernel, maps.dtype)
        shape = (tf.shape(maps)[0], height, width, outputs)
        padding = _padding((height, width), self.kernel.shape[0], self.stride, self.padding)
        return _biased(self, tf.nn.conv2d_transpose(maps, kernel, shape, self.stride, padding))


# A policy for mixed precision would also round what a call reads: not the kernel before it is
# normalised, nor the vectors.
def _add_weights(layer: layers.Layer, shape: tuple[int, ...], outputs: int, bias: bool) -> None:
    layer.kernel = layer.add_weight(
        name="kernel", shape=shape, initializer="glorot_uniform", autocast=False
    )
    layer.bias = (
        layer.add_weight(name="bias", shape=(outputs,), initializer="zeros") if bias else None
    )


def _add_vectors(layer: layers.Layer, columns: int, rows: int, detach_sigma: bool) -> None:
    normal = keras.initializers.RandomNormal(mean=0.0, stddev=1.0)
    layer.detach_sigma = detach_sigma
    layer.u = layer.add_weight(
        name="u", shape=(1, rows), initializer=normal, trainable=False, autocast=False
    )
    if not detach_sigma:
        layer.v = layer.add_weight(
            name="v", shape=(1, columns), initializer=normal, trainable=False, autocast=False
        )


def _padding(
    extents: Iterable[int | None], kernel_size: int, stride: int, around: int
) -> str | list[list[int]]:
    # TensorFlow has fast gradients for padding with a name only.
    if around == 0:
        return "VALID"
    divisible = stride == 1 or all(extent and extent % stride == 0 for extent in extents)
    if divisible and 2 * around == kernel_size - stride:
        return "SAME"
    return [[0, 0], [around, around], [around, around], [0, 0]]


def _biased(layer: layers.Layer, outputs: tf.Tensor) -> tf.Tensor:
    return outputs if layer.bias is None else outputs + layer.bias


def _sigma(layer: layers.Layer, matrix: tf.Tensor, training: bool) -> tf.Tensor:
    # Outputs come last in every kernel of TensorFlow, so `matrix` is (the rest, outputs).
    detached = tf.stop_gradient(matrix)
    if layer.detach_sigma:
        return _detached_sigma(layer, detached)
    if training:
        layer.u.assign(_unit(tf.matmul(layer.v, detached)))
        layer.v.assign(_unit(tf.matmul(layer.u, detached, transpose_b=True)))
    return tf.squeeze(tf.matmul(tf.matmul(layer.v, matrix), layer.u, transpose_b=True))


def _detached_sigma(layer: layers.Layer, matrix: tf.Tensor) -> tf.Tensor:
    v = tf.matmul(layer.u, matrix, transpose_b=True)
    v = v / (tf.norm(v) + _EPSILON)
    u = tf.matmul(v, matrix)
    u = u / (tf.norm(u) + _EPSILON)
    layer.u.assign(u)
    return tf.squeeze(tf.matmul(tf.matmul(v, matrix), u, transpose_b=True))


def _unit(vector: tf.Tensor) -> tf.Tensor:
    return vector / tf.maximum(tf.norm(vector), _EPSILON)
