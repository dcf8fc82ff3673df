"""The 28×28 pair of mnistGANs, a Keras LSGAN."""

from functools import partial

import keras
import tensorflow as tf
from keras import layers

from tf_impl.layers import BatchNorm, dropout, leaky_relu

# Keras' momentum is the weight of the old value: 0.99 there.
_norm = partial(BatchNorm, epsilon=1e-3, momentum=0.01, unbiased_running_variance=False)

# Keras' LeakyReLU(0.3) stores its slope in float32, even in float64 networks.
_SLOPE = 0.30000001192092896


class _Up(layers.Layer):
    def __init__(self, out_channels: int) -> None:
        super().__init__(name="up")
        self.conv = layers.Conv2DTranspose(out_channels, kernel_size=4, strides=2, padding="same")
        self.norm = _norm(out_channels)

    def call(self, maps: tf.Tensor, training: bool = False) -> tf.Tensor:
        return tf.nn.relu(self.norm(self.conv(maps), training=training))


class _Down(layers.Layer):
    def __init__(self, out_channels: int, *, dropout: float) -> None:
        super().__init__(name="down")
        self.rate = dropout
        self.conv = layers.Conv2D(out_channels, kernel_size=4, strides=2, padding="same")
        self.norm = _norm(out_channels)

    # Keras fills in an argument called "mask" by itself.
    def call(self, maps: tf.Tensor, kept: tf.Tensor | None, training: bool = False) -> tf.Tensor:
        maps = leaky_relu(self.norm(self.conv(maps), training=training), negative_slope=_SLOPE)
        return dropout(maps, kept, rate=self.rate)


class Generator(keras.Model):
    """A projection normalised before its reshape, two transposed convolutions and a convolution."""

    def __init__(
        self, *, latent_dim: int, base_channels: int, image_size: int, channels: int
    ) -> None:
        super().__init__()
        base, size = base_channels, image_size // 4
        self.project = layers.Dense(4 * base * size**2)
        self.project_norm = _norm(4 * base * size**2)
        self.to_maps = layers.Reshape((size, size, 4 * base))
        self.block1 = _Up(2 * base)
        self.block2 = _Up(base)
        self.image = layers.Conv2D(channels, kernel_size=4, padding="same", activation="tanh")
        self(keras.Input((latent_dim,)))

    def call(self, noise: tf.Tensor, training: bool = False) -> tf.Tensor:
        hidden = tf.nn.relu(self.project_norm(self.project(noise), training=training))
        maps = self.block1(self.to_maps(hidden), training=training)
        return self.image(self.block2(maps, training=training))


class Discriminator(keras.Model):
    """Two strided convolutions with dropout and a linear layer to scores (N,)."""

    def __init__(
        self, *, base_channels: int, image_size: int, channels: int, dropout: float
    ) -> None:
        super().__init__()
        self.block1 = _Down(2 * base_channels, dropout=dropout)
        self.block2 = _Down(4 * base_channels, dropout=dropout)
        self.flatten = layers.Flatten()
        self.score = layers.Dense(1)
        # Keras cannot trace a call that takes *masks: only an eager one builds the layers.
        self(keras.ops.zeros((1, image_size, image_size, channels)), training=False)

    def call(self, images: tf.Tensor, *masks: tf.Tensor, training: bool) -> tf.Tensor:
        first, second = masks or (None, None)
        maps = self.block1(images, first, training=training)
        maps = self.block2(maps, second, training=training)
        return tf.squeeze(self.score(self.flatten(maps)), axis=1)
