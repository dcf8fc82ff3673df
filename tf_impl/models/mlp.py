"""The MLP pair of arjovsky's WassersteinGAN, an alternative to DCGAN."""

import keras
import tensorflow as tf
from keras import layers


class Generator(keras.Model):
    """Four linear layers from noise (N, latent_dim) to images, without a tanh."""

    def __init__(
        self, *, latent_dim: int, base_channels: int, image_size: int, channels: int
    ) -> None:
        super().__init__()
        self.linear1 = layers.Dense(base_channels, activation="relu")
        self.linear2 = layers.Dense(base_channels, activation="relu")
        self.linear3 = layers.Dense(base_channels, activation="relu")
        self.linear4 = layers.Dense(channels * image_size**2)
        self.to_images = layers.Reshape((image_size, image_size, channels))
        self(keras.Input((latent_dim,)))

    def call(self, noise: tf.Tensor, training: bool = False) -> tf.Tensor:
        hidden = self.linear3(self.linear2(self.linear1(noise)))
        return self.to_images(self.linear4(hidden))


class Discriminator(keras.Model):
    """Four linear layers from images to scores (N,)."""

    def __init__(self, *, base_channels: int, image_size: int, channels: int) -> None:
        super().__init__()
        self.flatten = layers.Flatten()
        self.linear1 = layers.Dense(base_channels, activation="relu")
        self.linear2 = layers.Dense(base_channels, activation="relu")
        self.linear3 = layers.Dense(base_channels, activation="relu")
        self.linear4 = layers.Dense(1)
        self(keras.Input((image_size, image_size, channels)))

    def call(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        hidden = self.linear3(self.linear2(self.linear1(self.flatten(images))))
        return tf.squeeze(self.linear4(hidden), axis=1)
