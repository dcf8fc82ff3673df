"""The convolutional pair of CS231n's GANs on MNIST."""

from functools import partial

import keras
import tensorflow as tf
from keras import layers

from tf_impl.layers import BatchNorm, leaky_relu

_norm = partial(BatchNorm, epsilon=1e-5, momentum=0.1, unbiased_running_variance=True)


class Generator(keras.Model):
    """Two linear layers and two transposed convolutions, each ReLU before its batch norm."""

    def __init__(
        self,
        *,
        latent_dim: int,
        dense_features: int,
        base_channels: int,
        image_size: int,
        channels: int,
    ) -> None:
        super().__init__()
        base, size = base_channels, image_size // 4
        self.linear1 = layers.Dense(dense_features, activation="relu")
        self.norm1 = _norm(dense_features)
        self.linear2 = layers.Dense(4 * base * size**2, activation="relu")
        self.norm2 = _norm(4 * base * size**2)
        self.to_maps = layers.Reshape((size, size, 4 * base))
        # With this kernel and stride, "same" crops one pixel on every side.
        self.up1 = layers.Conv2DTranspose(
            2 * base, kernel_size=4, strides=2, padding="same", activation="relu"
        )
        self.norm3 = _norm(2 * base)
        self.up2 = layers.Conv2DTranspose(
            channels, kernel_size=4, strides=2, padding="same", activation="tanh"
        )
        self(keras.Input((latent_dim,)))

    def call(self, noise: tf.Tensor, training: bool = False) -> tf.Tensor:
        hidden = self.norm1(self.linear1(noise), training=training)
        hidden = self.norm2(self.linear2(hidden), training=training)
        maps = self.norm3(self.up1(self.to_maps(hidden)), training=training)
        return self.up2(maps)


class Discriminator(keras.Model):
    """Two valid convolutions with max-pooling and two linear layers to scores (N,)."""

    def __init__(
        self, *, dense_features: int, base_channels: int, image_size: int, channels: int
    ) -> None:
        super().__init__()
        self.conv1 = layers.Conv2D(base_channels, kernel_size=5, padding="valid")
        self.conv2 = layers.Conv2D(2 * base_channels, kernel_size=5, padding="valid")
        self.pool = layers.MaxPooling2D(pool_size=2)
        self.flatten = layers.Flatten()
        self.linear1 = layers.Dense(dense_features)
        self.linear2 = layers.Dense(1)
        self(keras.Input((image_size, image_size, channels)))

    def call(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        maps = self.pool(leaky_relu(self.conv1(images), negative_slope=0.01))
        maps = self.pool(leaky_relu(self.conv2(maps), negative_slope=0.01))
        hidden = leaky_relu(self.linear1(self.flatten(maps)), negative_slope=0.01)
        return tf.squeeze(self.linear2(hidden), axis=1)
