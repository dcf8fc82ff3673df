"""DCGAN as in arjovsky's WassersteinGAN, for any image size that is a power of two."""

from functools import partial

import keras
import tensorflow as tf
from keras import layers

from tf_impl.layers import BatchNorm, leaky_relu

_batch_norm = partial(BatchNorm, epsilon=1e-5, momentum=0.1, unbiased_running_variance=True)
# With stride 2 and even sizes, "same" is one pixel on every side.
_conv = partial(layers.Conv2D, kernel_size=4, use_bias=False)
_upsample = partial(layers.Conv2DTranspose, kernel_size=4, use_bias=False)


def _norm(channels: int, normalization: str) -> layers.Layer:
    return _batch_norm(channels) if normalization == "batch" else layers.Identity()


class _Up(layers.Layer):
    def __init__(self, out_channels: int, *, normalization: str) -> None:
        super().__init__(name="up")
        self.conv = _upsample(out_channels, strides=2, padding="same")
        self.norm = _norm(out_channels, normalization)

    def call(self, maps: tf.Tensor, training: bool = False) -> tf.Tensor:
        return tf.nn.relu(self.norm(self.conv(maps), training=training))


class _Down(layers.Layer):
    def __init__(self, out_channels: int, *, normalization: str) -> None:
        super().__init__(name="down")
        self.conv = _conv(out_channels, strides=2, padding="same")
        self.norm = _norm(out_channels, normalization)

    def call(self, maps: tf.Tensor, training: bool = False) -> tf.Tensor:
        return leaky_relu(self.norm(self.conv(maps), training=training), negative_slope=0.2)


class Generator(keras.Model):
    """Transposed convolutions from noise at 1×1 over 4×4 to images in (−1, 1)."""

    def __init__(
        self,
        *,
        latent_dim: int,
        base_channels: int,
        image_size: int,
        channels: int,
        normalization: str,
    ) -> None:
        super().__init__()
        doublings = image_size.bit_length() - 4
        top = base_channels * 2**doublings
        self.to_maps = layers.Reshape((1, 1, latent_dim))
        self.project = _upsample(top, strides=1, padding="valid")
        self.project_norm = _norm(top, normalization)
        self.blocks = [
            _Up(top // 2 ** (n + 1), normalization=normalization) for n in range(doublings)
        ]
        self.image = _upsample(channels, strides=2, padding="same", activation="tanh")
        self(keras.Input((latent_dim,)))

    def call(self, noise: tf.Tensor, training: bool = False) -> tf.Tensor:
        maps = self.project(self.to_maps(noise))
        maps = tf.nn.relu(self.project_norm(maps, training=training))
        for block in self.blocks:
            maps = block(maps, training=training)
        return self.image(maps)


class Discriminator(keras.Model):
    """Strided convolutions down to 4×4 and a 4×4 convolution to scores (N,)."""

    def __init__(
        self, *, base_channels: int, image_size: int, channels: int, normalization: str
    ) -> None:
        super().__init__()
        doublings = image_size.bit_length() - 4
        self.conv = _conv(base_channels, strides=2, padding="same")
        self.blocks = [
            _Down(base_channels * 2 ** (n + 1), normalization=normalization)
            for n in range(doublings)
        ]
        self.score = _conv(1, strides=1, padding="valid")
        self(keras.Input((image_size, image_size, channels)))

    def call(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        maps = leaky_relu(self.conv(images), negative_slope=0.2)
        for block in self.blocks:
            maps = block(maps, training=training)
        return tf.squeeze(self.score(maps), axis=(1, 2, 3))
