"""A perceptron with a residual layer and dropout, for one number a sample; SGD."""

import torch
from torch import nn
from torch.nn import functional as F


class Perceptron(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(12, 32)
        self.fc2 = nn.Linear(32, 32)
        self.fc3 = nn.Linear(32, 16)
        self.out = nn.Linear(16, 1)

    def forward(self, inputs, mask):
        hidden = F.gelu(self.fc1(inputs), approximate="tanh")
        hidden = hidden + F.gelu(self.fc2(hidden), approximate="tanh")
        hidden = hidden * mask / 0.75
        hidden = torch.tanh(self.fc3(hidden))
        return self.out(hidden).squeeze(1)


def train_step(model, optimiser, inputs, mask, goals):
    scores = model(inputs, mask)
    fit = F.mse_loss(scores, goals)
    size = (model.out.weight**2).sum()
    loss = fit + 0.1 * size
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return {"fit loss": fit, "size loss": size, "loss": loss}


def weights(rng):
    torch.manual_seed(int(rng.integers(1 << 31)))
    return Perceptron().state_dict()


def inputs(rng):
    return {
        "inputs": rng.standard_normal((16, 12)),
        "mask": rng.binomial(1, 0.75, (16, 32)),
        "goals": rng.standard_normal(16),
    }


def build(weights):
    model = Perceptron()
    model.load_state_dict({name: torch.tensor(values) for name, values in weights.items()})
    parameters = model.parameters()
    return model, torch.optim.SGD(parameters, lr=0.05, momentum=0.9, weight_decay=0.01)


def step(state, inputs):
    arrays = (torch.tensor(inputs[name]) for name in ("inputs", "mask", "goals"))
    yield "loss", train_step(*state, *arrays)
