"""An autoencoder of 8×8 images: convolutions down to six numbers and up again; RMSprop."""

import torch
from torch import nn
from torch.nn import functional as F


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(2, 8, 4, stride=2, padding=1)
        self.conv2 = nn.Conv2d(8, 16, 4, stride=2, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(16)
        self.code = nn.Linear(64, 6)
        self.expand = nn.Linear(6, 64)
        self.up1 = nn.ConvTranspose2d(16, 8, 4, stride=2, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(8)
        self.up2 = nn.ConvTranspose2d(8, 2, 4, stride=2, padding=1)

    def forward(self, images):
        hidden = F.leaky_relu(self.conv1(images), 0.2)
        hidden = F.leaky_relu(self.bn2(self.conv2(hidden)), 0.2)
        code = torch.tanh(self.code(hidden.flatten(1)))
        hidden = self.expand(code).reshape(-1, 16, 2, 2)
        hidden = torch.tanh(self.bn3(self.up1(hidden)))
        return torch.sigmoid(self.up2(hidden))


def train_step(model, optimiser, images):
    model.train()
    loss = F.mse_loss(model(images), images)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss


def weights(rng):
    torch.manual_seed(int(rng.integers(1 << 31)))
    state = Autoencoder().state_dict()
    # Batch norm starts from ones and zeros, which would hide mistakes.
    return {name: _moved(values, rng) for name, values in state.items()}


def _moved(values, rng):
    if not values.is_floating_point():
        return values
    return values + 0.1 * torch.tensor(rng.standard_normal(values.shape))


def inputs(rng):
    return {"images": rng.random((8, 2, 8, 8))}


def build(weights):
    model = Autoencoder()
    model.load_state_dict({name: torch.tensor(values) for name, values in weights.items()})
    return model, torch.optim.RMSprop(model.parameters(), lr=1e-3, alpha=0.9, eps=1e-6)


def step(state, inputs):
    yield "loss", train_step(*state, torch.tensor(inputs["images"]))
