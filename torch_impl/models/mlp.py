"""The MLP pair of arjovsky's WassersteinGAN, an alternative to DCGAN."""

from torch import Tensor, nn
from torch.nn import functional as F


class Generator(nn.Module):
    """Four linear layers from noise (N, latent_dim) to images, without a tanh."""

    def __init__(
        self, *, latent_dim: int, base_channels: int, image_size: int, channels: int
    ) -> None:
        super().__init__()
        self.image_shape = (channels, image_size, image_size)
        self.linear1 = nn.Linear(latent_dim, base_channels)
        self.linear2 = nn.Linear(base_channels, base_channels)
        self.linear3 = nn.Linear(base_channels, base_channels)
        self.linear4 = nn.Linear(base_channels, channels * image_size**2)

    def forward(self, noise: Tensor) -> Tensor:
        hidden = F.relu(self.linear1(noise))
        hidden = F.relu(self.linear2(hidden))
        hidden = F.relu(self.linear3(hidden))
        return self.linear4(hidden).unflatten(1, self.image_shape)


class Discriminator(nn.Module):
    """Four linear layers from images to scores (N,)."""

    def __init__(self, *, base_channels: int, image_size: int, channels: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(channels * image_size**2, base_channels)
        self.linear2 = nn.Linear(base_channels, base_channels)
        self.linear3 = nn.Linear(base_channels, base_channels)
        self.linear4 = nn.Linear(base_channels, 1)

    def forward(self, images: Tensor) -> Tensor:
        hidden = F.relu(self.linear1(images.flatten(1)))
        hidden = F.relu(self.linear2(hidden))
        hidden = F.relu(self.linear3(hidden))
        return self.linear4(hidden).squeeze(1)
