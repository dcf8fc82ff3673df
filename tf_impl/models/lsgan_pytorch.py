"""The 32×32 pair of PyTorch-GAN's LSGAN."""

from functools import partial

import keras
import tensorflow as tf
from keras import layers

from tf_impl.layers import BatchNorm, dropout, leaky_relu, upsample_nearest

# The source writes BatchNorm2d(n, 0.8), meaning Keras' momentum; PyTorch reads an epsilon.
_norm = partial(BatchNorm, epsilon=0.8, momentum=0.1, unbiased_running_variance=True)


class _Up(layers.Layer):
    def __init__(self, out_channels: int) -> None:
        super().__init__(name="up")
        self.conv = layers.Conv2D(out_channels, kernel_size=3, padding="same")
        self.norm = _norm(out_channels)

    def call(self, maps: tf.Tensor, training: bool = False) -> tf.Tensor:
        maps = self.norm(self.conv(upsample_nearest(maps)), training=training)
        return leaky_relu(maps, negative_slope=0.2)


class _Down(layers.Layer):
    def __init__(self, out_channels: int, *, dropout: float) -> None:
        super().__init__(name="down")
        self.rate = dropout
        # "same" with stride 2 pads one pixel after and none before.
        self.pad = layers.ZeroPadding2D(1)
        self.conv = layers.Conv2D(out_channels, kernel_size=3, strides=2, padding="valid")
        self.norm = _norm(out_channels)

    # Keras fills in an argument called "mask" by itself.
    def call(self, maps: tf.Tensor, kept: tf.Tensor | None, training: bool = False) -> tf.Tensor:
        maps = leaky_relu(self.conv(self.pad(maps)), negative_slope=0.2)
        return self.norm(dropout(maps, kept, rate=self.rate), training=training)


class Generator(keras.Model):
    """A projection and two nearest upsamplings, each with a convolution, to images in (−1, 1)."""

    def __init__(
        self, *, latent_dim: int, base_channels: int, image_size: int, channels: int
    ) -> None:
        super().__init__()
        base, size = base_channels, image_size // 4
        self.project = layers.Dense(8 * base * size**2)
        self.to_maps = layers.Reshape((size, size, 8 * base))
        self.block1 = _Up(8 * base)
        self.block2 = _Up(4 * base)
        self.image = layers.Conv2D(channels, kernel_size=3, padding="same", activation="tanh")
        self(keras.Input((latent_dim,)))

    def call(self, noise: tf.Tensor, training: bool = False) -> tf.Tensor:
        maps = self.block1(self.to_maps(self.project(noise)), training=training)
        return self.image(self.block2(maps, training=training))


class Discriminator(keras.Model):
    """Four strided convolutions that drop channels, and a linear layer to scores (N,)."""

    def __init__(
        self, *, base_channels: int, image_size: int, channels: int, dropout: float
    ) -> None:
        super().__init__()
        base = base_channels
        self.rate = dropout
        self.pad = layers.ZeroPadding2D(1)
        self.conv = layers.Conv2D(base, kernel_size=3, strides=2, padding="valid")
        self.block1 = _Down(2 * base, dropout=dropout)
        self.block2 = _Down(4 * base, dropout=dropout)
        self.block3 = _Down(8 * base, dropout=dropout)
        self.flatten = layers.Flatten()
        self.score = layers.Dense(1)
        # Keras cannot trace a call that takes *masks: only an eager one builds the layers.
        self(keras.ops.zeros((1, image_size, image_size, channels)), training=False)

    def call(self, images: tf.Tensor, *masks: tf.Tensor, training: bool) -> tf.Tensor:
        first, second, third, fourth = masks or (None, None, None, None)
        maps = leaky_relu(self.conv(self.pad(images)), negative_slope=0.2)
        maps = self.block1(dropout(maps, first, rate=self.rate), second, training=training)
        maps = self.block2(maps, third, training=training)
        maps = self.block3(maps, fourth, training=training)
        return tf.squeeze(self.score(self.flatten(maps)), axis=1)
