"""The 32×32 pair of PyTorch-GAN's LSGAN."""

from functools import partial

from jittor import Var, nn

from jittor_impl.layers import BatchNorm, Conv, Linear, dropout, leaky_relu, tanh, upsample_nearest

# The source writes BatchNorm2d(n, 0.8), meaning Keras' momentum; PyTorch reads an epsilon.
_norm = partial(BatchNorm, epsilon=0.8, momentum=0.1, unbiased_running_variance=True)


class _Up(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        self.conv = Conv(in_channels, out_channels, kernel_size=3, stride=1, padding=1)
        self.norm = _norm(out_channels)

    def execute(self, maps: Var) -> Var:
        return leaky_relu(self.norm(self.conv(upsample_nearest(maps))), negative_slope=0.2)


class _Down(nn.Module):
    def __init__(self, in_channels: int, out_channels: int, *, dropout: float) -> None:
        self.rate = dropout
        self.conv = Conv(in_channels, out_channels, kernel_size=3, stride=2, padding=1)
        self.norm = _norm(out_channels)

    def execute(self, maps: Var, mask: Var | None) -> Var:
        maps = leaky_relu(self.conv(maps), negative_slope=0.2)
        return self.norm(dropout(maps, mask, rate=self.rate))


class Generator(nn.Module):
    """A projection and two nearest upsamplings, each with a convolution, to images in (−1, 1)."""

    def __init__(
        self, *, latent_dim: int, base_channels: int, image_size: int, channels: int
    ) -> None:
        base, size = base_channels, image_size // 4
        self.maps_shape = (8 * base, size, size)
        self.project = Linear(latent_dim, 8 * base * size**2)
        self.block1 = _Up(8 * base, 8 * base)
        self.block2 = _Up(8 * base, 4 * base)
        self.image = Conv(4 * base, channels, kernel_size=3, stride=1, padding=1)

    def execute(self, noise: Var) -> Var:
        maps = self.project(noise).reshape((-1, *self.maps_shape))
        return tanh(self.image(self.block2(self.block1(maps))))


class Discriminator(nn.Module):
    """Four strided convolutions that drop channels, and a linear layer to scores (N,)."""

    def __init__(
        self, *, base_channels: int, image_size: int, channels: int, dropout: float
    ) -> None:
        base, size = base_channels, image_size // 16
        self.rate = dropout
        self.conv = Conv(channels, base, kernel_size=3, stride=2, padding=1)
        self.block1 = _Down(base, 2 * base, dropout=dropout)
        self.block2 = _Down(2 * base, 4 * base, dropout=dropout)
        self.block3 = _Down(4 * base, 8 * base, dropout=dropout)
        self.score = Linear(8 * base * size**2, 1)

    def execute(self, images: Var, *masks: Var) -> Var:
        first, second, third, fourth = masks or (None, None, None, None)
        maps = leaky_relu(self.conv(images), negative_slope=0.2)
        maps = self.block1(dropout(maps, first, rate=self.rate), second)
        maps = self.block3(self.block2(maps, third), fourth)
        return self.score(maps.flatten(1)).squeeze(1)
