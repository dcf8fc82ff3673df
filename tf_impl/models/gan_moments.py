"""The pair of devnag's GAN on numbers: the discriminator sees four moments."""

import keras
import tensorflow as tf
from keras import layers


class Generator(keras.Model):
    """Three linear layers from noise (N, latent_dim) to numbers (N, 1)."""

    def __init__(self, *, latent_dim: int, features: int) -> None:
        super().__init__()
        self.linear1 = layers.Dense(features, activation="tanh")
        self.linear2 = layers.Dense(features, activation="tanh")
        self.linear3 = layers.Dense(1)
        self(keras.Input((latent_dim,)))

    def call(self, noise: tf.Tensor, training: bool = False) -> tf.Tensor:
        return self.linear3(self.linear2(self.linear1(noise)))


class Discriminator(keras.Model):
    """Three linear layers on the moments of a whole minibatch (N, 1), to one score (1,)."""

    def __init__(self, *, features: int) -> None:
        super().__init__()
        self.linear1 = layers.Dense(features, activation="sigmoid")
        self.linear2 = layers.Dense(features, activation="sigmoid")
        self.linear3 = layers.Dense(1)
        self(keras.Input((1,)))

    def call(self, numbers: tf.Tensor, training: bool = False) -> tf.Tensor:
        # Keras' linear layers take a batch alone: here one of one sample.
        hidden = self.linear2(self.linear1(_moments(numbers)[None]))
        return tf.squeeze(self.linear3(hidden), axis=1)


def _moments(numbers: tf.Tensor) -> tf.Tensor:
    """Mean, standard deviation, skewness and excess kurtosis, of the population."""
    mean = tf.reduce_mean(numbers)
    centred = numbers - mean
    deviation = tf.sqrt(tf.reduce_mean(tf.square(centred)))
    scaled = centred / deviation
    skewness, kurtosis = tf.reduce_mean(scaled**3), tf.reduce_mean(scaled**4)
    return tf.stack([mean, deviation, skewness, kurtosis - 3])
