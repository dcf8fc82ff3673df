"""A small convolutional classifier of 8×8 digits, in PyTorch."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Classifier(nn.Module):
    """Two convolutions with batch norm, and a linear layer."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 16, 3, stride=2, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(16)
        self.fc = nn.Linear(16 * 4 * 4, 10)

    def forward(self, images: Tensor) -> Tensor:
        """Scores of the ten digits, (N, 10), from images, (N, 1, 8, 8)."""
        hidden = F.leaky_relu(self.bn1(self.conv1(images)), 0.2)
        hidden = F.leaky_relu(self.bn2(self.conv2(hidden)), 0.2)
        return self.fc(hidden.flatten(1))


def train_step(model, optimiser, images: Tensor, labels: Tensor) -> Tensor:
    """One update by Adam; returns the cross-entropy before it."""
    loss = F.cross_entropy(model(images), labels)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss


def make_optimiser(model):
    """The optimiser that train_step expects."""
    return torch.optim.Adam(model.parameters(), lr=1e-3)
