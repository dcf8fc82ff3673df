"""An autoencoder of 8×8 images: convolutions down to six numbers and up again; RMSprop."""

import jittor as jt
import numpy as np
from jittor import nn

# Jittor rounds numbers to float32, but not arrays.
EPSILON, MOMENTUM, SLOPE = np.array(1e-5), np.array(0.1), np.array(0.2)


class Autoencoder(nn.Module):
    def __init__(self):
        self.conv1 = nn.Conv(2, 8, 4, stride=2, padding=1)
        self.conv2 = nn.Conv(8, 16, 4, stride=2, padding=1, bias=False)
        self.bn2 = nn.BatchNorm(16, eps=EPSILON, momentum=MOMENTUM)
        self.code = nn.Linear(64, 6)
        self.expand = nn.Linear(6, 64)
        self.up1 = nn.ConvTranspose(16, 8, 4, stride=2, padding=1, bias=False)
        self.bn3 = nn.BatchNorm(8, eps=EPSILON, momentum=MOMENTUM)
        self.up2 = nn.ConvTranspose(8, 2, 4, stride=2, padding=1)

    def execute(self, images):
        hidden = nn.leaky_relu(self.conv1(images), SLOPE)
        hidden = nn.leaky_relu(self.bn2(self.conv2(hidden)), SLOPE)
        code = jt.tanh(self.code(hidden.flatten(1)))
        hidden = self.expand(code).reshape(-1, 16, 2, 2)
        hidden = jt.tanh(self.bn3(self.up1(hidden)))
        return jt.sigmoid(self.up2(hidden))


class RMSprop(nn.RMSprop):
    """RMSprop with constants as arrays."""

    def step(self, loss):
        self.pre_step(loss)
        for group in self.param_groups:
            for each in zip(*map(group.get, ("params", "grads", "values")), strict=True):
                self.move(*each)
        self.post_step()

    def move(self, parameter, gradient, average):
        kept, fresh = np.array(self.alpha), np.array(1 - self.alpha)
        average.update(average * kept + gradient.sqr() * fresh)
        root = average.sqrt() + np.array(self.eps)
        parameter.update(parameter - gradient * np.array(self.lr) / root)


def train_step(model, optimiser, images):
    loss = nn.mse_loss(model(images), images)
    optimiser.step(loss)
    return loss


def build(weights):
    model = Autoencoder()
    model.load_parameters(weights)
    model.train()
    trained = [each for each in model.parameters() if not each.is_stop_grad()]
    return model, RMSprop(trained, 1e-3, eps=1e-6, alpha=0.9)


def step(state, inputs):
    yield "loss", train_step(*state, jt.array(inputs["images"]))
