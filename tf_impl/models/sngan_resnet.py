"""The residual 64×64 pair of godisboy's SN-GAN."""

from functools import partial

import keras
import tensorflow as tf
from keras import layers

from tf_impl.layers import BatchNorm, upsample_bilinear
from tf_impl.spectral import SpectralConv, SpectralLinear

_norm = partial(BatchNorm, epsilon=1e-5, momentum=0.1, unbiased_running_variance=True)
_conv = partial(layers.Conv2D, strides=1, padding="same")


class _Up(layers.Layer):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(name="up")
        self.norm1 = _norm(in_channels)
        self.conv1 = _conv(in_channels, kernel_size=3)
        self.norm2 = _norm(in_channels)
        self.conv2 = _conv(out_channels, kernel_size=3)
        self.shortcut = _conv(out_channels, kernel_size=1)

    def call(self, maps: tf.Tensor, training: bool = False) -> tf.Tensor:
        residual = self.conv1(tf.nn.relu(self.norm1(maps, training=training)))
        residual = self.norm2(upsample_bilinear(residual), training=training)
        return self.conv2(tf.nn.relu(residual)) + upsample_bilinear(self.shortcut(maps))


class _Down(layers.Layer):
    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        out_channels: int,
        *,
        first: bool,
        detach_sigma: bool,
    ) -> None:
        super().__init__(name="down")
        self.first = first
        conv = partial(SpectralConv, stride=1, bias=True, detach_sigma=detach_sigma)
        self.conv1 = conv(in_channels, hidden_channels, kernel_size=3, padding=1)
        self.conv2 = conv(hidden_channels, out_channels, kernel_size=3, padding=1)
        self.shortcut = conv(in_channels, out_channels, kernel_size=1, padding=0)
        self.halve = layers.AveragePooling2D(pool_size=2)

    def call(self, maps: tf.Tensor, training: bool = False) -> tf.Tensor:
        # No activation before the first convolution of the first block.
        residual = self.conv1(maps if self.first else tf.nn.relu(maps), training=training)
        residual = self.conv2(tf.nn.relu(residual), training=training)
        return self.halve(residual) + self.halve(self.shortcut(maps, training=training))


class Generator(keras.Model):
    """A projection and four residual blocks that double the size, to images in (−1, 1)."""

    def __init__(
        self, *, latent_dim: int, base_channels: int, image_size: int, channels: int
    ) -> None:
        super().__init__()
        base, size = base_channels, image_size // 16
        self.project = layers.Dense(16 * base * size**2)
        self.to_maps = layers.Reshape((size, size, 16 * base))
        self.block1 = _Up(16 * base, 8 * base)
        self.block2 = _Up(8 * base, 4 * base)
        self.block3 = _Up(4 * base, 2 * base)
        self.block4 = _Up(2 * base, base)
        self.norm = _norm(base)
        self.image = _conv(channels, kernel_size=3, activation="tanh")
        self(keras.Input((latent_dim,)))

    def call(self, noise: tf.Tensor, training: bool = False) -> tf.Tensor:
        maps = self.to_maps(self.project(noise))
        for block in (self.block1, self.block2, self.block3, self.block4):
            maps = block(maps, training=training)
        return self.image(tf.nn.relu(self.norm(maps, training=training)))


class Discriminator(keras.Model):
    """Five spectrally normalised residual blocks, their mean over pixels, and scores (N,)."""

    def __init__(self, *, base_channels: int, channels: int, detach_sigma: bool) -> None:
        super().__init__()
        base = base_channels
        self.block0 = _Down(channels, base, base, first=True, detach_sigma=detach_sigma)
        self.block1 = _Down(base, base, 2 * base, first=False, detach_sigma=detach_sigma)
        self.block2 = _Down(2 * base, 2 * base, 4 * base, first=False, detach_sigma=detach_sigma)
        self.block3 = _Down(4 * base, 4 * base, 8 * base, first=False, detach_sigma=detach_sigma)
        self.block4 = _Down(8 * base, 8 * base, 16 * base, first=False, detach_sigma=detach_sigma)
        self.score = SpectralLinear(16 * base, 1, bias=True, detach_sigma=detach_sigma)
        self(keras.Input((None, None, channels)))

    def call(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        maps = images
        for block in (self.block0, self.block1, self.block2, self.block3, self.block4):
            maps = block(maps, training=training)
        means = tf.reduce_mean(tf.nn.relu(maps), axis=(1, 2))
        return tf.squeeze(self.score(means, training=training), axis=1)
