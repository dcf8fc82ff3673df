"""A perceptron with a residual layer and dropout, for one number a sample; SGD."""

import jittor as jt
import numpy as np
from jittor import nn

# Jittor rounds numbers to float32, but not arrays.
KEPT, SHARE = np.array(0.75), np.array(0.1)
ROOT, CUBIC = np.array(np.sqrt(2 / np.pi)), np.array(0.044715)
RATE, MOMENTUM, DECAY = np.array(0.05), np.array(0.9), np.array(0.01)


class Perceptron(nn.Module):
    def __init__(self):
        self.fc1 = nn.Linear(12, 32)
        self.fc2 = nn.Linear(32, 32)
        self.fc3 = nn.Linear(32, 16)
        self.out = nn.Linear(16, 1)

    def execute(self, inputs, mask):
        hidden = gelu(self.fc1(inputs))
        hidden = hidden + gelu(self.fc2(hidden))
        hidden = hidden * mask / KEPT
        hidden = jt.tanh(self.fc3(hidden))
        return self.out(hidden).squeeze(1)


def gelu(values):
    inner = (values + values * values * values * CUBIC) * ROOT
    return values * (inner.tanh() + 1) / 2


def train_step(model, optimiser, inputs, mask, goals):
    scores = model(inputs, mask)
    fit = nn.mse_loss(scores, goals)
    size = model.out.weight.sqr().sum()
    loss = fit + size * SHARE
    optimiser.step(loss)
    return {"fit loss": fit, "size loss": size, "loss": loss}


def build(weights):
    model = Perceptron()
    model.load_parameters(weights)
    return model, nn.SGD(model.parameters(), RATE, momentum=MOMENTUM, weight_decay=DECAY)


def step(state, inputs):
    arrays = (jt.array(inputs[name]) for name in ("inputs", "mask", "goals"))
    losses = train_step(*state, *arrays)
    yield "loss", losses
