from digits_jax import Classifier, make_optimiser, train_step
from flax import nnx

names = {
    "conv*.kernel": ("conv*.weight", "h w i o -> o i h w"),
    "bn*.scale": "bn*.weight",
    "bn*.mean": "bn*.running_mean",
    "bn*.var": "bn*.running_var",
    "fc.kernel": ("fc.weight", "(h w c) o -> o (c h w)", {"h": 4, "w": 4}),
    "images": "n h w c -> n c h w",
}


def build(weights):
    model = Classifier(nnx.Rngs(0))
    for path, variable in nnx.iter_graph(model):
        if isinstance(variable, nnx.Param | nnx.BatchStat):
            variable[...] = weights[".".join(path)]
    return model, make_optimiser(model)


def step(state, inputs):
    yield "loss", train_step(*state, inputs["images"], inputs["labels"])
