"""A perceptron with a residual layer and dropout, for one number a sample; SGD."""

import jax
import optax
from flax import nnx
from jax import numpy as jnp

names = {"*.kernel": ("*.weight", "i o -> o i")}


class Perceptron(nnx.Module):
    def __init__(self, rngs):
        self.fc1 = nnx.Linear(12, 32, rngs=rngs)
        self.fc2 = nnx.Linear(32, 32, rngs=rngs)
        self.fc3 = nnx.Linear(32, 16, rngs=rngs)
        self.out = nnx.Linear(16, 1, rngs=rngs)

    def __call__(self, inputs, mask):
        hidden = nnx.gelu(self.fc1(inputs))
        hidden = hidden + nnx.gelu(self.fc2(hidden))
        hidden = hidden * mask / 0.75
        hidden = jnp.tanh(self.fc3(hidden))
        return self.out(hidden)[:, 0]


@nnx.jit
def train_step(model, optimiser, inputs, mask, goals):
    def objective(model):
        scores = model(inputs, mask)
        fit = ((scores - goals) ** 2).mean()
        size = (model.out.kernel[...] ** 2).sum()
        loss = fit + 0.1 * size
        return loss, {"fit loss": fit, "size loss": size, "loss": loss}

    gradients, losses = nnx.grad(objective, has_aux=True)(model)
    optimiser.update(model, gradients)
    return losses


def build(weights):
    model = Perceptron(nnx.Rngs(0))
    for path, variable in nnx.iter_graph(model):
        if isinstance(variable, nnx.Param):
            variable[...] = jnp.asarray(weights[".".join(path)])
    sgd = optax.chain(optax.add_decayed_weights(0.01), optax.sgd(0.05, momentum=0.9))
    return model, nnx.Optimizer(model, sgd, wrt=nnx.Param)


def step(state, inputs):
    inputs = jax.tree.map(jnp.asarray, inputs)
    yield "loss", train_step(*state, inputs["inputs"], inputs["mask"], inputs["goals"])
