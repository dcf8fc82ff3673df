"""A classifier of 8×8 digits: two convolutions with batch norm, a linear layer, Adam."""

import jittor as jt
import numpy as np
from jittor import nn

# Jittor rounds numbers to float32, but not arrays.
EPSILON, MOMENTUM, SLOPE = np.array(1e-5), np.array(0.1), np.array(0.2)


class Classifier(nn.Module):
    def __init__(self):
        self.conv1 = nn.Conv(1, 8, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm(8, eps=EPSILON, momentum=MOMENTUM)
        self.conv2 = nn.Conv(8, 16, 3, stride=2, padding=1)
        self.bn2 = nn.BatchNorm(16, eps=EPSILON, momentum=MOMENTUM)
        self.fc = nn.Linear(256, 10)

    def execute(self, images):
        hidden = nn.leaky_relu(self.bn1(self.conv1(images)), SLOPE)
        hidden = nn.leaky_relu(self.bn2(self.conv2(hidden)), SLOPE)
        return self.fc(hidden.flatten(1))


class Adam(nn.Adam):
    """Adam as PyTorch has it: epsilon is added to the corrected moment's root."""

    def step(self, loss):
        self.pre_step(loss)
        for group in self.param_groups:
            for each in zip(*map(group.get, ("params", "grads", "m", "values")), strict=True):
                self.move(*each)
        self.post_step()

    def move(self, parameter, gradient, first, second):
        beta1, beta2 = self.betas
        first.update(first * np.array(beta1) + gradient * np.array(1 - beta1))
        second.update(second * np.array(beta2) + gradient.sqr() * np.array(1 - beta2))
        mean = first / np.array(1 - beta1**self.n_step)
        root = (second / np.array(1 - beta2**self.n_step)).sqrt()
        parameter.update(parameter - mean * np.array(self.lr) / (root + np.array(self.eps)))


def train_step(model, optimiser, images, labels):
    scores = model(images)
    loss = nn.cross_entropy_loss(scores, labels)
    optimiser.step(loss)
    return loss


def build(weights):
    model = Classifier()
    model.load_parameters(weights)
    model.train()
    trained = [each for each in model.parameters() if not each.is_stop_grad()]
    return model, Adam(trained, 1e-3, eps=1e-8, betas=(0.9, 0.999))


def step(state, inputs):
    images, labels = jt.array(inputs["images"]), jt.array(inputs["labels"])
    yield "loss", train_step(*state, images, labels)
