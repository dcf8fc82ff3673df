"""The 28×28 pair of caogang's wgan-gp (gan_mnist.py)."""

from torch import Tensor, nn
from torch.nn import functional as F


class Generator(nn.Module):
    """A projection and three valid transposed convolutions with a crop, to images in (0, 1)."""

    def __init__(self, *, latent_dim: int, base_channels: int, channels: int) -> None:
        super().__init__()
        base = base_channels
        self.maps_shape = (4 * base, 4, 4)
        self.project = nn.Linear(latent_dim, 4 * base * 4 * 4)
        self.up1 = nn.ConvTranspose2d(4 * base, 2 * base, kernel_size=5)
        self.up2 = nn.ConvTranspose2d(2 * base, base, kernel_size=5)
        self.image = nn.ConvTranspose2d(base, channels, kernel_size=8, stride=2)

    def forward(self, noise: Tensor) -> Tensor:
        maps = F.relu(self.project(noise)).unflatten(1, self.maps_shape)
        maps = F.relu(self.up1(maps))[:, :, :7, :7]
        return self.image(F.relu(self.up2(maps))).sigmoid()


class Discriminator(nn.Module):
    """Three strided convolutions and a linear layer to scores (N,), without a norm."""

    def __init__(self, *, base_channels: int, channels: int) -> None:
        super().__init__()
        base = base_channels
        self.conv1 = nn.Conv2d(channels, base, kernel_size=5, stride=2, padding=2)
        self.conv2 = nn.Conv2d(base, 2 * base, kernel_size=5, stride=2, padding=2)
        self.conv3 = nn.Conv2d(2 * base, 4 * base, kernel_size=5, stride=2, padding=2)
        self.score = nn.Linear(4 * base * 4 * 4, 1)

    def forward(self, images: Tensor) -> Tensor:
        maps = F.relu(self.conv1(images))
        maps = F.relu(self.conv3(F.relu(self.conv2(maps))))
        return self.score(maps.flatten(1)).squeeze(1)
