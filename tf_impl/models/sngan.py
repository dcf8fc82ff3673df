"""SNDCGAN for 32×32, as in godisboy's SN-GAN."""

from functools import partial

import keras
import tensorflow as tf
from keras import layers

from tf_impl.layers import BatchNorm, leaky_relu
from tf_impl.spectral import SpectralConv

_norm = partial(BatchNorm, epsilon=1e-5, momentum=0.1, unbiased_running_variance=True)


class _Up(layers.Layer):
    def __init__(self, out_channels: int) -> None:
        super().__init__(name="up")
        # With this kernel and stride, "same" crops one pixel on every side.
        self.conv = layers.Conv2DTranspose(out_channels, kernel_size=4, strides=2, padding="same")
        self.norm = _norm(out_channels)

    def call(self, maps: tf.Tensor, training: bool = False) -> tf.Tensor:
        return tf.nn.relu(self.norm(self.conv(maps), training=training))


class Generator(keras.Model):
    """Transposed convolutions from noise at 1×1 over 4×4 to images in (−1, 1)."""

    def __init__(self, *, latent_dim: int, base_channels: int, channels: int) -> None:
        super().__init__()
        base = base_channels
        self.to_maps = layers.Reshape((1, 1, latent_dim))
        self.project = layers.Conv2DTranspose(8 * base, kernel_size=4, padding="valid")
        self.project_norm = _norm(8 * base)
        self.block1 = _Up(4 * base)
        self.block2 = _Up(2 * base)
        self.block3 = _Up(base)
        self.image = layers.Conv2DTranspose(
            channels, kernel_size=3, padding="same", activation="tanh"
        )
        self(keras.Input((latent_dim,)))

    def call(self, noise: tf.Tensor, training: bool = False) -> tf.Tensor:
        maps = self.project(self.to_maps(noise))
        maps = tf.nn.relu(self.project_norm(maps, training=training))
        for block in (self.block1, self.block2, self.block3):
            maps = block(maps, training=training)
        return self.image(maps)


class Discriminator(keras.Model):
    """Eight spectrally normalised convolutions to scores (N,), without a sigmoid."""

    def __init__(self, *, base_channels: int, channels: int, detach_sigma: bool) -> None:
        super().__init__()
        base = base_channels
        same = partial(
            SpectralConv, kernel_size=3, stride=1, padding=1, bias=True, detach_sigma=detach_sigma
        )
        half = partial(
            SpectralConv, kernel_size=4, stride=2, padding=1, bias=True, detach_sigma=detach_sigma
        )
        self.conv1 = same(channels, base)
        self.conv2 = half(base, base)
        self.conv3 = same(base, 2 * base)
        self.conv4 = half(2 * base, 2 * base)
        self.conv5 = same(2 * base, 4 * base)
        self.conv6 = half(4 * base, 4 * base)
        self.conv7 = same(4 * base, 8 * base)
        self.score = SpectralConv(
            8 * base, 1, kernel_size=4, stride=1, padding=0, bias=False, detach_sigma=detach_sigma
        )
        self(keras.Input((32, 32, channels)))

    def call(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        maps = images
        for conv in (
            self.conv1,
            self.conv2,
            self.conv3,
            self.conv4,
            self.conv5,
            self.conv6,
            self.conv7,
        ):
            maps = leaky_relu(conv(maps, training=training), negative_slope=0.1)
        return tf.squeeze(self.score(maps, training=training), axis=(1, 2, 3))
