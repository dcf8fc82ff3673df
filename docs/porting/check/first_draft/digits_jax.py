"""A small convolutional classifier of 8×8 digits, in JAX with Flax NNX."""

from functools import partial

import jax
import optax
from flax import nnx


class Classifier(nnx.Module):
    """Two convolutions with batch norm, and a linear layer."""

    def __init__(self, rngs: nnx.Rngs):
        conv = partial(nnx.Conv, kernel_size=(3, 3), use_bias=False, rngs=rngs)
        self.conv1 = conv(1, 8, padding=1)
        self.bn1 = nnx.BatchNorm(8, momentum=0.1, rngs=rngs)
        self.conv2 = conv(8, 16, strides=2)
        self.bn2 = nnx.BatchNorm(16, momentum=0.1, rngs=rngs)
        self.fc = nnx.Linear(4 * 4 * 16, 10, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        """Scores of the ten digits, (N, 10), from images, (N, 8, 8, 1)."""
        hidden = nnx.leaky_relu(self.bn1(self.conv1(images)))
        hidden = nnx.leaky_relu(self.bn2(self.conv2(hidden)), 0.2)
        return self.fc(hidden.reshape(len(hidden), -1))


@nnx.jit
def train_step(model, optimiser, images: jax.Array, labels: jax.Array) -> jax.Array:
    """One update by Adam; returns the cross-entropy before it."""

    def objective(model):
        losses = optax.softmax_cross_entropy_with_integer_labels(model(images), labels)
        return losses.mean()

    loss, gradients = nnx.value_and_grad(objective)(model)
    optimiser.update(model, gradients)
    return loss


def make_optimiser(model):
    """The optimiser that train_step expects."""
    return nnx.Optimizer(model, optax.adam(1e-3), wrt=nnx.Param)
