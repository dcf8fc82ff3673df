"""An autoencoder of 8×8 images: convolutions down to six numbers and up again; RMSprop."""

import keras
import tensorflow as tf
from keras import layers

names = {
    "conv*.kernel": ("conv*.weight", "h w i o -> o i h w"),
    "up*.kernel": ("up*.weight", "h w o i -> i o h w"),
    "bn*.gamma": "bn*.weight",
    "bn*.beta": "bn*.bias",
    "bn*.moving_mean": "bn*.running_mean",
    "bn*.moving_variance": "bn*.running_var",
    "code.kernel": ("code.weight", "(h w c) o -> o (c h w)", {"h": 2, "w": 2}),
    "expand.kernel": ("expand.weight", "i (h w c) -> (c h w) i", {"h": 2, "w": 2}),
    "expand.bias": ("expand.bias", "(h w c) -> (c h w)", {"h": 2, "w": 2}),
    "images": "n h w c -> n c h w",
}


class Autoencoder(keras.Model):
    def __init__(self):
        super().__init__()
        halve = {"kernel_size": 4, "strides": 2, "padding": "same"}
        self.conv1 = layers.Conv2D(8, name="conv1", **halve)
        self.conv2 = layers.Conv2D(16, use_bias=False, name="conv2", **halve)
        self.bn2 = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name="bn2")
        self.code = layers.Dense(6, name="code")
        self.expand = layers.Dense(64, name="expand")
        self.up1 = layers.Conv2DTranspose(8, use_bias=False, name="up1", **halve)
        self.bn3 = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name="bn3")
        self.up2 = layers.Conv2DTranspose(2, name="up2", **halve)

    def call(self, images, training=False):
        hidden = leaky_relu(self.conv1(images))
        hidden = leaky_relu(self.bn2(self.conv2(hidden), training=training))
        code = tf.tanh(self.code(tf.reshape(hidden, (len(images), -1))))
        hidden = tf.reshape(self.expand(code), (-1, 2, 2, 16))
        hidden = tf.tanh(self.bn3(self.up1(hidden), training=training))
        return tf.sigmoid(self.up2(hidden))


def leaky_relu(values):
    return tf.where(values > 0, values, 0.2 * values)


class RMSprop(keras.optimizers.RMSprop):
    """RMSprop as PyTorch has it: epsilon is added to the root."""

    def update_step(self, gradient, variable, learning_rate):
        average = self._velocities[self._get_variable_index(variable)]
        average.assign(self.rho * average + (1 - self.rho) * gradient**2)
        variable.assign_sub(learning_rate * gradient / (tf.sqrt(average) + self.epsilon))


@tf.function
def train_step(model, optimiser, images):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(images, training=True) - images) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimiser.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    return loss


def build(weights):
    model = Autoencoder()
    model(tf.zeros((1, 8, 8, 2), keras.config.floatx()))
    for layer in model.layers:
        for variable in layer.variables:
            variable.assign(weights[f"{layer.name}.{variable.name}"])
    optimiser = RMSprop(1e-3, rho=0.9, epsilon=1e-6)
    optimiser.build(model.trainable_variables)
    return model, optimiser


def step(state, inputs):
    yield "loss", train_step(*state, tf.constant(inputs["images"]))
