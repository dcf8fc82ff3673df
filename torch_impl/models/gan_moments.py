"""The pair of devnag's GAN on numbers: the discriminator sees four moments."""

import torch
from torch import Tensor, nn


class Generator(nn.Module):
    """Three linear layers from noise (N, latent_dim) to numbers (N, 1)."""

    def __init__(self, *, latent_dim: int, features: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(latent_dim, features)
        self.linear2 = nn.Linear(features, features)
        self.linear3 = nn.Linear(features, 1)

    def forward(self, noise: Tensor) -> Tensor:
        hidden = self.linear1(noise).tanh()
        hidden = self.linear2(hidden).tanh()
        return self.linear3(hidden)


class Discriminator(nn.Module):
    """Three linear layers on the moments of a whole minibatch (N, 1), to one score (1,)."""

    def __init__(self, *, features: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(4, features)
        self.linear2 = nn.Linear(features, features)
        self.linear3 = nn.Linear(features, 1)

    def forward(self, numbers: Tensor) -> Tensor:
        hidden = self.linear1(_moments(numbers)).sigmoid()
        hidden = self.linear2(hidden).sigmoid()
        return self.linear3(hidden)


def _moments(numbers: Tensor) -> Tensor:
    """Mean, standard deviation, skewness and excess kurtosis, of the population."""
    mean = numbers.mean()
    centred = numbers - mean
    deviation = centred.square().mean().sqrt()
    scaled = centred / deviation
    return torch.stack([mean, deviation, scaled.pow(3).mean(), scaled.pow(4).mean() - 3])
