"""The 28×28 pair of caogang's wgan-gp (gan_mnist.py)."""

from jittor import Var, nn

from jittor_impl.layers import Conv, ConvTranspose, Linear


class Generator(nn.Module):
    """A projection and three valid transposed convolutions with a crop, to images in (0, 1)."""

    def __init__(self, *, latent_dim: int, base_channels: int, channels: int) -> None:
        base = base_channels
        self.maps_shape = (4 * base, 4, 4)
        self.project = Linear(latent_dim, 4 * base * 4 * 4)
        self.up1 = ConvTranspose(4 * base, 2 * base, kernel_size=5)
        self.up2 = ConvTranspose(2 * base, base, kernel_size=5)
        self.image = ConvTranspose(base, channels, kernel_size=8, stride=2)

    def execute(self, noise: Var) -> Var:
        maps = nn.relu(self.project(noise)).reshape((-1, *self.maps_shape))
        maps = nn.relu(self.up1(maps))[:, :, :7, :7]
        return self.image(nn.relu(self.up2(maps))).sigmoid()


class Discriminator(nn.Module):
    """Three strided convolutions and a linear layer to scores (N,), without a norm."""

    def __init__(self, *, base_channels: int, channels: int) -> None:
        base = base_channels
        self.conv1 = Conv(channels, base, kernel_size=5, stride=2, padding=2)
        self.conv2 = Conv(base, 2 * base, kernel_size=5, stride=2, padding=2)
        self.conv3 = Conv(2 * base, 4 * base, kernel_size=5, stride=2, padding=2)
        self.score = Linear(4 * base * 4 * 4, 1)

    def execute(self, images: Var) -> Var:
        maps = nn.relu(self.conv1(images))
        maps = nn.relu(self.conv3(nn.relu(self.conv2(maps))))
        return self.score(maps.flatten(1)).squeeze(1)
