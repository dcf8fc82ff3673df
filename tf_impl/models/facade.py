"""The 64×64 discriminator of the facade tutorial, with a linear head; its generator is DCGAN's."""

from functools import partial

import keras
import tensorflow as tf
from keras import layers

from tf_impl.layers import BatchNorm, leaky_relu

_norm = partial(BatchNorm, epsilon=1e-5, momentum=0.1, unbiased_running_variance=True)
# With this kernel and stride and even sizes, "same" pads one pixel on every side.
_conv = partial(layers.Conv2D, kernel_size=4, strides=2, padding="same", use_bias=False)


class _Down(layers.Layer):
    def __init__(self, out_channels: int) -> None:
        super().__init__(name="down")
        self.conv = _conv(out_channels)
        self.norm = _norm(out_channels)

    def call(self, maps: tf.Tensor, training: bool = False) -> tf.Tensor:
        return leaky_relu(self.norm(self.conv(maps), training=training), negative_slope=0.2)


class Discriminator(keras.Model):
    """Four strided convolutions and a linear layer to scores (N,), without a sigmoid."""

    def __init__(self, *, base_channels: int, image_size: int, channels: int) -> None:
        super().__init__()
        base = base_channels
        self.conv = _conv(base)
        self.block1 = _Down(2 * base)
        self.block2 = _Down(4 * base)
        self.block3 = _Down(8 * base)
        self.flatten = layers.Flatten()
        self.score = layers.Dense(1)
        self(keras.Input((image_size, image_size, channels)))

    def call(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        maps = leaky_relu(self.conv(images), negative_slope=0.2)
        for block in (self.block1, self.block2, self.block3):
            maps = block(maps, training=training)
        return tf.squeeze(self.score(self.flatten(maps)), axis=1)
