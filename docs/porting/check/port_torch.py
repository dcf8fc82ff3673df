import torch
from digits_torch import Classifier, make_optimiser, train_step


def weights(rng):
    torch.manual_seed(int(rng.integers(1 << 31)))
    return Classifier().state_dict()


def inputs(rng):
    return {"images": rng.standard_normal((16, 1, 8, 8)), "labels": rng.integers(0, 10, 16)}


def build(weights):
    model = Classifier()
    model.load_state_dict({name: torch.tensor(values) for name, values in weights.items()})
    return model, make_optimiser(model)


def step(state, inputs):
    yield "loss", train_step(*state, *map(torch.tensor, (inputs["images"], inputs["labels"])))
