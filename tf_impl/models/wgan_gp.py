"""The 28×28 pair of caogang's wgan-gp (gan_mnist.py)."""

from functools import partial

import keras
import tensorflow as tf
from keras import layers

_conv = partial(layers.Conv2D, kernel_size=5, strides=2, padding="valid", activation="relu")
_upsample = partial(layers.Conv2DTranspose, padding="valid")


class Generator(keras.Model):
    """A projection and three valid transposed convolutions with a crop, to images in (0, 1)."""

    def __init__(self, *, latent_dim: int, base_channels: int, channels: int) -> None:
        super().__init__()
        base = base_channels
        self.project = layers.Dense(4 * base * 4 * 4, activation="relu")
        self.to_maps = layers.Reshape((4, 4, 4 * base))
        self.up1 = _upsample(2 * base, kernel_size=5, strides=1, activation="relu")
        self.crop = layers.Cropping2D(((0, 1), (0, 1)))
        self.up2 = _upsample(base, kernel_size=5, strides=1, activation="relu")
        self.image = _upsample(channels, kernel_size=8, strides=2, activation="sigmoid")
        self(keras.Input((latent_dim,)))

    def call(self, noise: tf.Tensor, training: bool = False) -> tf.Tensor:
        maps = self.up1(self.to_maps(self.project(noise)))
        return self.image(self.up2(self.crop(maps)))


class Discriminator(keras.Model):
    """Three strided convolutions and a linear layer to scores (N,), without a norm."""

    def __init__(self, *, base_channels: int, channels: int) -> None:
        super().__init__()
        # "same" pads one pixel before and two after where the size is even.
        self.pad = layers.ZeroPadding2D(2)
        self.conv1 = _conv(base_channels)
        self.conv2 = _conv(2 * base_channels)
        self.conv3 = _conv(4 * base_channels)
        self.flatten = layers.Flatten()
        self.score = layers.Dense(1)
        self(keras.Input((28, 28, channels)))

    def call(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        maps = self.conv2(self.pad(self.conv1(self.pad(images))))
        maps = self.conv3(self.pad(maps))
        return tf.squeeze(self.score(self.flatten(maps)), axis=1)
