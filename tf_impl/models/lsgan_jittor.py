"""The 112×112 convolutional pair of Jittor's LSGAN notebook."""

from functools import partial

import keras
import tensorflow as tf
from keras import layers

from tf_impl.layers import BatchNorm, leaky_relu

_norm = partial(BatchNorm, epsilon=1e-5, momentum=0.1, unbiased_running_variance=False)


class _Upsample(layers.Conv2DTranspose):
    """A transposed convolution without, at stride 2, the first row and column."""

    def __init__(self, out_channels: int, *, stride: int) -> None:
        # "same" with stride 2 crops the other edge, a shift of one pixel from the source.
        padding = "valid" if stride == 2 else "same"
        super().__init__(
            out_channels, kernel_size=3, strides=stride, padding=padding, name="upsample"
        )
        self.cropped = stride - 1

    def call(self, maps: tf.Tensor) -> tf.Tensor:
        # The gradient of an index such as [:, 1:, 1:] takes far longer than that of tf.slice.
        return tf.slice(super().call(maps), (0, self.cropped, self.cropped, 0), (-1, -1, -1, -1))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """The shape of the output for that of an input, both (N, H, W, C)."""
        batch, *extents, channels = super().compute_output_shape(input_shape)
        return (batch, *(extent - self.cropped for extent in extents), channels)


class _Up(layers.Layer):
    def __init__(self, out_channels: int, *, stride: int) -> None:
        # The name that Keras derives from a private class begins with an underscore, which
        # TensorFlow refuses.
        super().__init__(name="up")
        self.conv = _Upsample(out_channels, stride=stride)
        self.norm = _norm(out_channels)

    def call(self, maps: tf.Tensor, training: bool = False) -> tf.Tensor:
        return tf.nn.relu(self.norm(self.conv(maps), training=training))


class _Down(layers.Layer):
    def __init__(self, out_channels: int) -> None:
        super().__init__(name="down")
        # "same" with stride 2 pads one pixel before and two after.
        self.pad = layers.ZeroPadding2D(2)
        self.conv = layers.Conv2D(out_channels, kernel_size=5, strides=2, padding="valid")
        self.norm = _norm(out_channels)

    def call(self, maps: tf.Tensor, training: bool = False) -> tf.Tensor:
        maps = self.norm(self.conv(self.pad(maps)), training=training)
        return leaky_relu(maps, negative_slope=0.2)


class Generator(keras.Model):
    """A projection and seven transposed convolutions from noise to images in (−1, 1)."""

    def __init__(
        self, *, latent_dim: int, base_channels: int, image_size: int, channels: int
    ) -> None:
        super().__init__()
        base, size = base_channels, image_size // 16
        self.project = layers.Dense(4 * base * size**2)
        self.to_maps = layers.Reshape((size, size, 4 * base))
        self.project_norm = _norm(4 * base)
        self.block1 = _Up(4 * base, stride=2)
        self.block2 = _Up(4 * base, stride=1)
        self.block3 = _Up(4 * base, stride=2)
        self.block4 = _Up(4 * base, stride=1)
        self.block5 = _Up(2 * base, stride=2)
        self.block6 = _Up(base, stride=2)
        self.image = layers.Conv2DTranspose(
            channels, kernel_size=3, strides=1, padding="same", activation="tanh"
        )
        self(keras.Input((latent_dim,)))

    def call(self, noise: tf.Tensor, training: bool = False) -> tf.Tensor:
        maps = self.to_maps(self.project(noise))
        maps = tf.nn.relu(self.project_norm(maps, training=training))
        for block in (self.block1, self.block2, self.block3, self.block4, self.block5, self.block6):
            maps = block(maps, training=training)
        return self.image(maps)


class Discriminator(keras.Model):
    """Four strided convolutions and a linear layer to scores (N,), without a sigmoid."""

    def __init__(self, *, base_channels: int, image_size: int, channels: int) -> None:
        super().__init__()
        base = base_channels
        self.pad = layers.ZeroPadding2D(2)
        self.conv = layers.Conv2D(base, kernel_size=5, strides=2, padding="valid")
        self.block1 = _Down(2 * base)
        self.block2 = _Down(4 * base)
        self.block3 = _Down(8 * base)
        self.flatten = layers.Flatten()
        self.score = layers.Dense(1)
        self(keras.Input((image_size, image_size, channels)))

    def call(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        maps = leaky_relu(self.conv(self.pad(images)), negative_slope=0.2)
        for block in (self.block1, self.block2, self.block3):
            maps = block(maps, training=training)
        return tf.squeeze(self.score(self.flatten(maps)), axis=1)
