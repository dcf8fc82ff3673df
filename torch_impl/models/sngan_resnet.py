"""The residual 64×64 pair of godisboy's SN-GAN."""

from functools import partial

from torch import Tensor, nn
from torch.nn import functional as F

from torch_impl.layers import BatchNorm, upsample_bilinear
from torch_impl.spectral import SpectralConv, SpectralLinear

_norm = partial(BatchNorm, epsilon=1e-5, momentum=0.1, unbiased_running_variance=True)
_halve = partial(F.avg_pool2d, kernel_size=2)


class _Up(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.norm1 = _norm(in_channels)
        self.conv1 = nn.Conv2d(in_channels, in_channels, kernel_size=3, padding=1)
        self.norm2 = _norm(in_channels)
        self.conv2 = nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1)
        self.shortcut = nn.Conv2d(in_channels, out_channels, kernel_size=1)

    def forward(self, maps: Tensor) -> Tensor:
        residual = upsample_bilinear(self.conv1(F.relu(self.norm1(maps))))
        residual = self.conv2(F.relu(self.norm2(residual)))
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
        super().__init__()
        self.first = first
        conv = partial(SpectralConv, stride=1, bias=True, detach_sigma=detach_sigma)
        self.conv1 = conv(in_channels, hidden_channels, kernel_size=3, padding=1)
        self.conv2 = conv(hidden_channels, out_channels, kernel_size=3, padding=1)
        self.shortcut = conv(in_channels, out_channels, kernel_size=1, padding=0)

    def forward(self, maps: Tensor) -> Tensor:
        # No activation before the first convolution of the first block.
        residual = self.conv1(maps if self.first else F.relu(maps))
        residual = _halve(self.conv2(F.relu(residual)))
        return residual + _halve(self.shortcut(maps))


class Generator(nn.Module):
    """A projection and four residual blocks that double the size, to images in (−1, 1)."""

    def __init__(
        self, *, latent_dim: int, base_channels: int, image_size: int, channels: int
    ) -> None:
        super().__init__()
        base, size = base_channels, image_size // 16
        self.maps_shape = (16 * base, size, size)
        self.project = nn.Linear(latent_dim, 16 * base * size**2)
        self.block1 = _Up(16 * base, 8 * base)
        self.block2 = _Up(8 * base, 4 * base)
        self.block3 = _Up(4 * base, 2 * base)
        self.block4 = _Up(2 * base, base)
        self.norm = _norm(base)
        self.image = nn.Conv2d(base, channels, kernel_size=3, padding=1)

    def forward(self, noise: Tensor) -> Tensor:
        maps = self.project(noise).unflatten(1, self.maps_shape)
        maps = self.block2(self.block1(maps))
        maps = self.block4(self.block3(maps))
        return self.image(F.relu(self.norm(maps))).tanh()


class Discriminator(nn.Module):
    """Five spectrally normalised residual blocks, their mean over pixels, and scores (N,)."""

    def __init__(self, *, base_channels: int, channels: int, detach_sigma: bool) -> None:
        super().__init__()
        base = base_channels
        self.block0 = _Down(channels, base, base, first=True, detach_sigma=detach_sigma)
        self.block1 = _Down(base, base, 2 * base, first=False, detach_sigma=detach_sigma)
        self.block2 = _Down(2 * base, 2 * base, 4 * base, first=False, detach_sigma=detach_sigma)
        self.block3 = _Down(4 * base, 4 * base, 8 * base, first=False, detach_sigma=detach_sigma)
        self.block4 = _Down(8 * base, 8 * base, 16 * base, first=False, detach_sigma=detach_sigma)
        self.score = SpectralLinear(16 * base, 1, bias=True, detach_sigma=detach_sigma)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.block2(self.block1(self.block0(images)))
        maps = F.relu(self.block4(self.block3(maps)))
        return self.score(maps.mean(dim=(2, 3))).squeeze(1)
