from digits_jax import Classifier, make_optimiser, train_step
from flax import nnx

names = {
    "conv*.kernel": ("conv*.weight", "h w i o -> o i h w"),
    "bn*.scale": "bn*.weight",
    "fc.kernel": ("fc.weight", "(h w c) o -> o (c h w)", {"h": 4, "w": 4}),
}


def build(weights):
    model = Classifier(nnx.Rngs(0))
    for path, variable in nnx.iter_graph(model):
        if isinstance(variable, nnx.Param):
            variable[...] = weights[".".join(path)]
    return model, make_optimiser(model)


def step(state, inputs):
    yield "loss", train_step(*state, inputs["images"].transpose(0, 2, 3, 1), inputs["labels"])
