"""A classifier of 8×8 digits: two convolutions with batch norm, a linear layer, Adam."""

import torch
from torch import nn
from torch.nn import functional as F


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.bn2 = nn.BatchNorm2d(16)
        self.fc = nn.Linear(256, 10)

    def forward(self, images):
        hidden = F.leaky_relu(self.bn1(self.conv1(images)), 0.2)
        hidden = F.leaky_relu(self.bn2(self.conv2(hidden)), 0.2)
        return self.fc(hidden.flatten(1))


def train_step(model, optimiser, images, labels):
    model.train()
    scores = model(images)
    loss = F.cross_entropy(scores, labels)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss


def weights(rng):
    torch.manual_seed(int(rng.integers(1 << 31)))
    state = Classifier().state_dict()
    # Batch norm starts from ones and zeros, which would hide mistakes.
    return {name: _moved(values, rng) for name, values in state.items()}


def _moved(values, rng):
    if not values.is_floating_point():
        return values
    return values + 0.1 * torch.tensor(rng.standard_normal(values.shape))


def inputs(rng):
    return {"images": rng.standard_normal((16, 1, 8, 8)), "labels": rng.integers(0, 10, 16)}


def build(weights):
    model = Classifier()
    model.load_state_dict({name: torch.tensor(values) for name, values in weights.items()})
    return model, torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8)


def step(state, inputs):
    images, labels = torch.tensor(inputs["images"]), torch.tensor(inputs["labels"])
    yield "loss", train_step(*state, images, labels)
