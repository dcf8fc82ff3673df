"""The MLP pair of CS231n's GANs on MNIST."""

import keras
import tensorflow as tf
from keras import layers

from tf_impl.layers import leaky_relu


class Generator(keras.Model):
    """Three linear layers from noise (N, latent_dim) to images in (−1, 1)."""

    def __init__(self, *, latent_dim: int, features: int, image_size: int, channels: int) -> None:
        super().__init__()
        self.linear1 = layers.Dense(features, activation="relu")
        self.linear2 = layers.Dense(features, activation="relu")
        self.linear3 = layers.Dense(channels * image_size**2, activation="tanh")
        self.to_images = layers.Reshape((image_size, image_size, channels))
        self(keras.Input((latent_dim,)))

    def call(self, noise: tf.Tensor, training: bool = False) -> tf.Tensor:
        return self.to_images(self.linear3(self.linear2(self.linear1(noise))))


class Discriminator(keras.Model):
    """Three linear layers from images to scores (N,), without a sigmoid."""

    def __init__(self, *, features: int, image_size: int, channels: int) -> None:
        super().__init__()
        self.flatten = layers.Flatten()
        self.linear1 = layers.Dense(features)
        self.linear2 = layers.Dense(features)
        self.linear3 = layers.Dense(1)
        self(keras.Input((image_size, image_size, channels)))

    def call(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        hidden = leaky_relu(self.linear1(self.flatten(images)), negative_slope=0.2)
        hidden = leaky_relu(self.linear2(hidden), negative_slope=0.2)
        return tf.squeeze(self.linear3(hidden), axis=1)
