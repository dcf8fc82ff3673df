"""A perceptron with a residual layer and dropout, for one number a sample; SGD."""

import keras
import numpy as np
import tensorflow as tf

names = {"*.kernel": ("*.weight", "i o -> o i")}


class Perceptron(keras.Model):
    def __init__(self):
        super().__init__()
        self.fc1 = keras.layers.Dense(32, name="fc1")
        self.fc2 = keras.layers.Dense(32, name="fc2")
        self.fc3 = keras.layers.Dense(16, name="fc3")
        self.out = keras.layers.Dense(1, name="out")

    def call(self, inputs, mask):
        hidden = gelu(self.fc1(inputs))
        hidden = hidden + gelu(self.fc2(hidden))
        hidden = hidden * mask / 0.75
        hidden = tf.tanh(self.fc3(hidden))
        return tf.squeeze(self.out(hidden), 1)


def gelu(values):
    inner = np.sqrt(2 / np.pi) * (values + 0.044715 * values**3)
    return 0.5 * values * (1 + tf.tanh(inner))


class SGD(keras.optimizers.SGD):
    """SGD as PyTorch has it: weight decay enters the momentum, the learning rate does not."""

    def update_step(self, gradient, variable, learning_rate):
        velocity = self.momentums[self._get_variable_index(variable)]
        velocity.assign(self.momentum * velocity + gradient + 0.01 * variable)
        variable.assign_sub(learning_rate * velocity)


@tf.function
def train_step(model, optimiser, inputs, mask, goals):
    with tf.GradientTape() as tape:
        scores = model(inputs, mask)
        fit = tf.reduce_mean((scores - goals) ** 2)
        size = tf.reduce_sum(model.out.kernel**2)
        loss = fit + 0.1 * size
    variables = model.trainable_variables
    gradients = tape.gradient(loss, variables)
    optimiser.apply_gradients(zip(gradients, variables, strict=True))
    return {"fit loss": fit, "size loss": size, "loss": loss}


def build(weights):
    model = Perceptron()
    model(tf.zeros((1, 12), keras.config.floatx()), tf.zeros((1, 32), keras.config.floatx()))
    for layer in model.layers:
        for variable in layer.variables:
            variable.assign(weights[f"{layer.name}.{variable.name}"])
    optimiser = SGD(0.05, momentum=0.9)
    optimiser.build(model.trainable_variables)
    return model, optimiser


def step(state, inputs):
    mask = tf.constant(inputs["mask"], keras.config.floatx())
    arrays = tf.constant(inputs["inputs"]), mask, tf.constant(inputs["goals"])
    yield "loss", train_step(*state, *arrays)
