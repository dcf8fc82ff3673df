"""The MLP pair of caogang's wgan-gp on points in the plane (gan_toy.py)."""

from jittor import Var, nn

from jittor_impl.layers import Linear


class Generator(nn.Module):
    """Four linear layers from noise (N, latent_dim) to points (N, point_dim)."""

    def __init__(self, *, latent_dim: int, features: int, point_dim: int) -> None:
        self.linear1 = Linear(latent_dim, features)
        self.linear2 = Linear(features, features)
        self.linear3 = Linear(features, features)
        self.linear4 = Linear(features, point_dim)

    def execute(self, noise: Var) -> Var:
        hidden = nn.relu(self.linear1(noise))
        hidden = nn.relu(self.linear2(hidden))
        hidden = nn.relu(self.linear3(hidden))
        return self.linear4(hidden)


class Discriminator(nn.Module):
    """Four linear layers from points (N, point_dim) to scores (N,)."""

    def __init__(self, *, features: int, point_dim: int) -> None:
        self.linear1 = Linear(point_dim, features)
        self.linear2 = Linear(features, features)
        self.linear3 = Linear(features, features)
        self.linear4 = Linear(features, 1)

    def execute(self, points: Var) -> Var:
        hidden = nn.relu(self.linear1(points))
        hidden = nn.relu(self.linear2(hidden))
        hidden = nn.relu(self.linear3(hidden))
        return self.linear4(hidden).squeeze(1)
