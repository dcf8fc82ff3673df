"""The 112×112 convolutional pair of Jittor's LSGAN notebook."""

from functools import partial

from jittor import Var, nn

from jittor_impl.layers import BatchNorm, Conv, ConvTranspose, Linear, leaky_relu, tanh

_norm = partial(BatchNorm, epsilon=1e-5, momentum=0.1, unbiased_running_variance=False)


class _Up(nn.Module):
    def __init__(self, in_channels: int, out_channels: int, *, stride: int) -> None:
        self.conv = ConvTranspose(
            in_channels,
            out_channels,
            kernel_size=3,
            stride=stride,
            padding=1,
            output_padding=stride - 1,
        )
        self.norm = _norm(out_channels)

    def execute(self, maps: Var) -> Var:
        return nn.relu(self.norm(self.conv(maps)))


class _Down(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        self.conv = Conv(in_channels, out_channels, kernel_size=5, stride=2, padding=2)
        self.norm = _norm(out_channels)

    def execute(self, maps: Var) -> Var:
        return leaky_relu(self.norm(self.conv(maps)), negative_slope=0.2)


class Generator(nn.Module):
    """A projection and seven transposed convolutions from noise to images in (−1, 1)."""

    def __init__(
        self, *, latent_dim: int, base_channels: int, image_size: int, channels: int
    ) -> None:
        base, size = base_channels, image_size // 16
        self.maps_shape = (4 * base, size, size)
        self.project = Linear(latent_dim, 4 * base * size**2)
        self.project_norm = _norm(4 * base)
        self.block1 = _Up(4 * base, 4 * base, stride=2)
        self.block2 = _Up(4 * base, 4 * base, stride=1)
        self.block3 = _Up(4 * base, 4 * base, stride=2)
        self.block4 = _Up(4 * base, 4 * base, stride=1)
        self.block5 = _Up(4 * base, 2 * base, stride=2)
        self.block6 = _Up(2 * base, base, stride=2)
        self.image = ConvTranspose(base, channels, kernel_size=3, stride=1, padding=1)

    def execute(self, noise: Var) -> Var:
        maps = self.project(noise).reshape((-1, *self.maps_shape))
        maps = nn.relu(self.project_norm(maps))
        maps = self.block2(self.block1(maps))
        maps = self.block4(self.block3(maps))
        maps = self.block6(self.block5(maps))
        return tanh(self.image(maps))


class Discriminator(nn.Module):
    """Four strided convolutions and a linear layer to scores (N,), without a sigmoid."""

    def __init__(self, *, base_channels: int, image_size: int, channels: int) -> None:
        base, size = base_channels, image_size // 16
        self.conv = Conv(channels, base, kernel_size=5, stride=2, padding=2)
        self.block1 = _Down(base, 2 * base)
        self.block2 = _Down(2 * base, 4 * base)
        self.block3 = _Down(4 * base, 8 * base)
        self.score = Linear(8 * base * size**2, 1)

    def execute(self, images: Var) -> Var:
        maps = leaky_relu(self.conv(images), negative_slope=0.2)
        maps = self.block3(self.block2(self.block1(maps)))
        return self.score(maps.flatten(1)).squeeze(1)
