"""The MLP pair of arjovsky's WassersteinGAN, an alternative to DCGAN."""

from jittor import Var, nn

from jittor_impl.layers import Linear


class Generator(nn.Module):
    """Four linear layers from noise (N, latent_dim) to images, without a tanh."""

    def __init__(
        self, *, latent_dim: int, base_channels: int, image_size: int, channels: int
    ) -> None:
        self.image_shape = (channels, image_size, image_size)
        self.linear1 = Linear(latent_dim, base_channels)
        self.linear2 = Linear(base_channels, base_channels)
        self.linear3 = Linear(base_channels, base_channels)
        self.linear4 = Linear(base_channels, channels * image_size**2)

    def execute(self, noise: Var) -> Var:
        hidden = nn.relu(self.linear1(noise))
        hidden = nn.relu(self.linear2(hidden))
        hidden = nn.relu(self.linear3(hidden))
        return self.linear4(hidden).reshape((-1, *self.image_shape))


class Discriminator(nn.Module):
    """Four linear layers from images to scores (N,)."""

    def __init__(self, *, base_channels: int, image_size: int, channels: int) -> None:
        self.linear1 = Linear(channels * image_size**2, base_channels)
        self.linear2 = Linear(base_channels, base_channels)
        self.linear3 = Linear(base_channels, base_channels)
        self.linear4 = Linear(base_channels, 1)

    def execute(self, images: Var) -> Var:
        hidden = nn.relu(self.linear1(images.flatten(1)))
        hidden = nn.relu(self.linear2(hidden))
        hidden = nn.relu(self.linear3(hidden))
        return self.linear4(hidden).squeeze(1)
