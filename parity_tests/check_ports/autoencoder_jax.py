"""An autoencoder of 8×8 images: convolutions down to six numbers and up again; RMSprop."""

import optax
from flax import nnx
from jax import numpy as jnp

names = {
    "conv*.kernel": ("conv*.weight", "h w i o -> o i h w"),
    "up*.kernel": ("up*.weight", "h w i o -> i o h w", {"flip": "h w"}),
    "bn*.scale": "bn*.weight",
    "bn*.mean": "bn*.running_mean",
    "bn*.var": "bn*.running_var",
    "code.kernel": ("code.weight", "(h w c) o -> o (c h w)", {"h": 2, "w": 2}),
    "expand.kernel": ("expand.weight", "i (h w c) -> (c h w) i", {"h": 2, "w": 2}),
    "expand.bias": ("expand.bias", "(h w c) -> (c h w)", {"h": 2, "w": 2}),
    "images": "n h w c -> n c h w",
}


class Autoencoder(nnx.Module):
    def __init__(self, rngs):
        halve = {"kernel_size": (4, 4), "strides": (2, 2), "rngs": rngs}
        norm = {"momentum": 0.9, "epsilon": 1e-5, "rngs": rngs}
        self.conv1 = nnx.Conv(2, 8, padding=1, **halve)
        self.conv2 = nnx.Conv(8, 16, padding=1, use_bias=False, **halve)
        self.bn2 = nnx.BatchNorm(16, **norm)
        self.code = nnx.Linear(64, 6, rngs=rngs)
        self.expand = nnx.Linear(6, 64, rngs=rngs)
        self.up1 = nnx.ConvTranspose(16, 8, padding="SAME", use_bias=False, **halve)
        self.bn3 = nnx.BatchNorm(8, **norm)
        self.up2 = nnx.ConvTranspose(8, 2, padding="SAME", **halve)

    def __call__(self, images):
        hidden = nnx.leaky_relu(self.conv1(images), 0.2)
        hidden = nnx.leaky_relu(self.bn2(self.conv2(hidden)), 0.2)
        code = jnp.tanh(self.code(hidden.reshape(len(hidden), -1)))
        hidden = self.expand(code).reshape(-1, 2, 2, 16)
        hidden = jnp.tanh(self.bn3(self.up1(hidden)))
        return nnx.sigmoid(self.up2(hidden))


@nnx.jit
def train_step(model, optimiser, images):
    def objective(model):
        return ((model(images) - images) ** 2).mean()

    loss, gradients = nnx.value_and_grad(objective)(model)
    optimiser.update(model, gradients)
    return loss


def build(weights):
    model = Autoencoder(nnx.Rngs(0))
    for path, variable in nnx.iter_graph(model):
        if isinstance(variable, nnx.Param | nnx.BatchStat):
            variable[...] = jnp.asarray(weights[".".join(path)])
    model.train()
    rmsprop = optax.rmsprop(1e-3, decay=0.9, eps=1e-6, eps_in_sqrt=False)
    return model, nnx.Optimizer(model, rmsprop, wrt=nnx.Param)


def step(state, inputs):
    yield "loss", train_step(*state, jnp.asarray(inputs["images"]))
