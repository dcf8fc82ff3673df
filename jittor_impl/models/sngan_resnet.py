"""The residual 64×64 pair of godisboy's SN-GAN."""

from functools import partial

from jittor import Var, nn

from jittor_impl.layers import BatchNorm, Conv, Linear, tanh, upsample_bilinear
from jittor_impl.spectral import SpectralConv, SpectralLinear

_norm = partial(BatchNorm, epsilon=1e-5, momentum=0.1, unbiased_running_variance=True)


def _halve(maps: Var) -> Var:
    # Jittor's own average pooling refuses maps as small as its window.
    count, channels, height, width = maps.shape
    return maps.reshape((count, channels, height // 2, 2, width // 2, 2)).mean((3, 5))


class _Up(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        self.norm1 = _norm(in_channels)
        self.conv1 = Conv(in_channels, in_channels, kernel_size=3, padding=1)
        self.norm2 = _norm(in_channels)
        self.conv2 = Conv(in_channels, out_channels, kernel_size=3, padding=1)
        self.shortcut = Conv(in_channels, out_channels, kernel_size=1)

    def execute(self, maps: Var) -> Var:
        residual = upsample_bilinear(self.conv1(nn.relu(self.norm1(maps))))
        residual = self.conv2(nn.relu(self.norm2(residual)))
        return residual + upsample_bilinear(self.shortcut(maps))


class _Down(nn.Module):
    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        out_channels: int,
        *,
        first: bool,
        detach_sigma: bool,
    ) -> None:
        self.first = first
        conv = partial(SpectralConv, stride=1, bias=True, detach_sigma=detach_sigma)
        self.conv1 = conv(in_channels, hidden_channels, kernel_size=3, padding=1)
        self.conv2 = conv(hidden_channels, out_channels, kernel_size=3, padding=1)
        self.shortcut = conv(in_channels, out_channels, kernel_size=1, padding=0)

    def execute(self, maps: Var) -> Var:
        # No activation before the first convolution of the first block.
        residual = self.conv1(maps if self.first else nn.relu(maps))
        residual = _halve(self.conv2(nn.relu(residual)))
        return residual + _halve(self.shortcut(maps))


class Generator(nn.Module):
    """A projection and four residual blocks that double the size, to images in (−1, 1)."""

    def __init__(
        self, *, latent_dim: int, base_channels: int, image_size: int, channels: int
    ) -> None:
        base, size = base_channels, image_size // 16
        self.maps_shape = (16 * base, size, size)
        self.project = Linear(latent_dim, 16 * base * size**2)
        self.block1 = _Up(16 * base, 8 * base)
        self.block2 = _Up(8 * base, 4 * base)
        self.block3 = _Up(4 * base, 2 * base)
        self.block4 = _Up(2 * base, base)
        self.norm = _norm(base)
        self.image = Conv(base, channels, kernel_size=3, padding=1)

    def execute(self, noise: Var) -> Var:
        maps = self.project(noise).reshape((-1, *self.maps_shape))
        maps = self.block2(self.block1(maps))
        maps = self.block4(self.block3(maps))
        return tanh(self.image(nn.relu(self.norm(maps))))


class Discriminator(nn.Module):
    """Five spectrally normalised residual blocks, their mean over pixels, and scores (N,)."""

    def __init__(self, *, base_channels: int, channels: int, detach_sigma: bool) -> None:
        base = base_channels
        self.block0 = _Down(channels, base, base, first=True, detach_sigma=detach_sigma)
        self.block1 = _Down(base, base, 2 * base, first=False, detach_sigma=detach_sigma)
        self.block2 = _Down(2 * base, 2 * base, 4 * base, first=False, detach_sigma=detach_sigma)
        self.block3 = _Down(4 * base, 4 * base, 8 * base, first=False, detach_sigma=detach_sigma)
        self.block4 = _Down(8 * base, 8 * base, 16 * base, first=False, detach_sigma=detach_sigma)
        self.score = SpectralLinear(16 * base, 1, bias=True, detach_sigma=detach_sigma)

    def execute(self, images: Var) -> Var:
        maps = self.block2(self.block1(self.block0(images)))
        maps = nn.relu(self.block4(self.block3(maps)))
        return self.score(maps.sum((2, 3)) / (maps.shape[2] * maps.shape[3])).squeeze(1)
