"""A classifier of 8×8 digits: two convolutions with batch norm, a linear layer, Adam."""

import optax
from flax import nnx
from jax import numpy as jnp

names = {
    "conv*.kernel": ("conv*.weight", "h w i o -> o i h w"),
    "bn*.scale": "bn*.weight",
    "bn*.mean": "bn*.running_mean",
    "bn*.var": "bn*.running_var",
    "fc.kernel": ("fc.weight", "(h w c) o -> o (c h w)", {"h": 4, "w": 4}),
    "images": "n h w c -> n c h w",
}


class Classifier(nnx.Module):
    def __init__(self, rngs):
        self.conv1 = nnx.Conv(1, 8, (3, 3), padding=1, use_bias=False, rngs=rngs)
        self.bn1 = nnx.BatchNorm(8, momentum=0.9, epsilon=1e-5, rngs=rngs)
        self.conv2 = nnx.Conv(8, 16, (3, 3), strides=2, padding=1, rngs=rngs)
        self.bn2 = nnx.BatchNorm(16, momentum=0.9, epsilon=1e-5, rngs=rngs)
        self.fc = nnx.Linear(256, 10, rngs=rngs)

    def __call__(self, images):
        hidden = nnx.leaky_relu(self.bn1(self.conv1(images)), 0.2)
        hidden = nnx.leaky_relu(self.bn2(self.conv2(hidden)), 0.2)
        return self.fc(hidden.reshape(len(hidden), -1))


@nnx.jit
def train_step(model, optimiser, images, labels):
    def objective(model):
        scores = model(images)
        return optax.softmax_cross_entropy_with_integer_labels(scores, labels).mean()

    loss, gradients = nnx.value_and_grad(objective)(model)
    optimiser.update(model, gradients)
    return loss


def build(weights):
    model = Classifier(nnx.Rngs(0))
    for path, variable in nnx.iter_graph(model):
        if isinstance(variable, nnx.Param | nnx.BatchStat):
            variable[...] = jnp.asarray(weights[".".join(path)])
    model.train()
    adam = optax.adam(1e-3, b1=0.9, b2=0.999, eps=1e-8)
    return model, nnx.Optimizer(model, adam, wrt=nnx.Param)


def step(state, inputs):
    images, labels = jnp.asarray(inputs["images"]), jnp.asarray(inputs["labels"])
    yield "loss", train_step(*state, images, labels)
