"""A classifier of 8×8 digits: two convolutions with batch norm, a linear layer, Adam."""

import keras
import tensorflow as tf

names = {
    "conv*.kernel": ("conv*.weight", "h w i o -> o i h w"),
    "bn*.gamma": "bn*.weight",
    "bn*.beta": "bn*.bias",
    "bn*.moving_mean": "bn*.running_mean",
    "bn*.moving_variance": "bn*.running_var",
    "fc.kernel": ("fc.weight", "(h w c) o -> o (c h w)", {"h": 4, "w": 4}),
    "images": "n h w c -> n c h w",
}


class Classifier(keras.Model):
    def __init__(self):
        super().__init__()
        self.conv1 = keras.layers.Conv2D(8, 3, padding="same", use_bias=False, name="conv1")
        self.bn1 = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name="bn1")
        self.pad = keras.layers.ZeroPadding2D(1)
        self.conv2 = keras.layers.Conv2D(16, 3, strides=2, name="conv2")
        self.bn2 = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name="bn2")
        self.flatten = keras.layers.Flatten()
        self.fc = keras.layers.Dense(10, name="fc")

    def call(self, images, training=False):
        hidden = leaky_relu(self.bn1(self.conv1(images), training=training))
        hidden = leaky_relu(self.bn2(self.conv2(self.pad(hidden)), training=training))
        return self.fc(self.flatten(hidden))


def leaky_relu(values):
    return tf.where(values > 0, values, 0.2 * values)


class Adam(keras.optimizers.Adam):
    """Adam as PyTorch has it: epsilon is added to the corrected moment's root."""

    def update_step(self, gradient, variable, learning_rate):
        place = self._get_variable_index(variable)
        first, second = self._momentums[place], self._velocities[place]
        count = tf.cast(self.iterations, gradient.dtype) + 1
        first.assign(self.beta_1 * first + (1 - self.beta_1) * gradient)
        second.assign(self.beta_2 * second + (1 - self.beta_2) * gradient**2)
        mean = first / (1 - self.beta_1**count)
        root = tf.sqrt(second / (1 - self.beta_2**count))
        variable.assign_sub(learning_rate * mean / (root + self.epsilon))


@tf.function
def train_step(model, optimiser, images, labels):
    with tf.GradientTape() as tape:
        scores = model(images, training=True)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, scores)
        loss = tf.reduce_mean(losses)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimiser.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    return loss


def build(weights):
    model = Classifier()
    model(tf.zeros((1, 8, 8, 1), keras.config.floatx()))
    for layer in model.layers:
        for variable in layer.variables:
            variable.assign(weights[f"{layer.name}.{variable.name}"])
    optimiser = Adam(1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-8)
    optimiser.build(model.trainable_variables)
    return model, optimiser


def step(state, inputs):
    images, labels = tf.constant(inputs["images"]), tf.constant(inputs["labels"])
    yield "loss", train_step(*state, images, labels)
