"""The MLP pair of caogang's wgan-gp on points in the plane (gan_toy.py)."""

from torch import Tensor, nn
from torch.nn import functional as F


class Generator(nn.Module):
    """Four linear layers from noise (N, latent_dim) to points (N, point_dim)."""

    def __init__(self, *, latent_dim: int, features: int, point_dim: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(latent_dim, features)
        self.linear2 = nn.Linear(features, features)
        self.linear3 = nn.Linear(features, features)
        self.linear4 = nn.Linear(features, point_dim)

    def forward(self, noise: Tensor) -> Tensor:
        hidden = F.relu(self.linear1(noise))
        hidden = F.relu(self.linear2(hidden))
        hidden = F.relu(self.linear3(hidden))
        return self.linear4(hidden)


class Discriminator(nn.Module):
    """Four linear layers from points (N, point_dim) to scores (N,)."""

    def __init__(self, *, features: int, point_dim: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(point_dim, features)
        self.linear2 = nn.Linear(features, features)
        self.linear3 = nn.Linear(features, features)
        self.linear4 = nn.Linear(features, 1)

    def forward(self, points: Tensor) -> Tensor:
        hidden = F.relu(self.linear1(points))
        hidden = F.relu(self.linear2(hidden))
        hidden = F.relu(self.linear3(hidden))
        return self.linear4(hidden).squeeze(1)
