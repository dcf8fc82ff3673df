"""The MLP pair of caogang's wgan-gp on points in the plane (gan_toy.py)."""

import keras
import tensorflow as tf
from keras import layers


class Generator(keras.Model):
    """Four linear layers from noise (N, latent_dim) to points (N, point_dim)."""

    def __init__(self, *, latent_dim: int, features: int, point_dim: int) -> None:
        super().__init__()
        self.linear1 = layers.Dense(features, activation="relu")
        self.linear2 = layers.Dense(features, activation="relu")
        self.linear3 = layers.Dense(features, activation="relu")
        self.linear4 = layers.Dense(point_dim)
        self(keras.Input((latent_dim,)))

    def call(self, noise: tf.Tensor, training: bool = False) -> tf.Tensor:
        return self.linear4(self.linear3(self.linear2(self.linear1(noise))))


class Discriminator(keras.Model):
    """Four linear layers from points (N, point_dim) to scores (N,)."""

    def __init__(self, *, features: int, point_dim: int) -> None:
        super().__init__()
        self.linear1 = layers.Dense(features, activation="relu")
        self.linear2 = layers.Dense(features, activation="relu")
        self.linear3 = layers.Dense(features, activation="relu")
        self.linear4 = layers.Dense(1)
        self(keras.Input((point_dim,)))

    def call(self, points: tf.Tensor, training: bool = False) -> tf.Tensor:
        hidden = self.linear3(self.linear2(self.linear1(points)))
        return tf.squeeze(self.linear4(hidden), axis=1)
