"""SNDCGAN for 32×32, as in godisboy's SN-GAN."""

from functools import partial

from jittor import Var, nn

from jittor_impl.layers import BatchNorm, ConvTranspose, leaky_relu, tanh
from jittor_impl.spectral import SpectralConv

_norm = partial(BatchNorm, epsilon=1e-5, momentum=0.1, unbiased_running_variance=True)


class _Up(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        self.conv = ConvTranspose(in_channels, out_channels, kernel_size=4, stride=2, padding=1)
        self.norm = _norm(out_channels)

    def execute(self, maps: Var) -> Var:
        return nn.relu(self.norm(self.conv(maps)))


class Generator(nn.Module):
    """Transposed convolutions from noise at 1×1 over 4×4 to images in (−1, 1)."""

    def __init__(self, *, latent_dim: int, base_channels: int, channels: int) -> None:
        base = base_channels
        self.project = ConvTranspose(latent_dim, 8 * base, kernel_size=4)
        self.project_norm = _norm(8 * base)
        self.block1 = _Up(8 * base, 4 * base)
        self.block2 = _Up(4 * base, 2 * base)
        self.block3 = _Up(2 * base, base)
        self.image = ConvTranspose(base, channels, kernel_size=3, stride=1, padding=1)

    def execute(self, noise: Var) -> Var:
        maps = self.project(noise[:, :, None, None])
        maps = nn.relu(self.project_norm(maps))
        maps = self.block3(self.block2(self.block1(maps)))
        return tanh(self.image(maps))


class Discriminator(nn.Module):
    """Eight spectrally normalised convolutions to scores (N,), without a sigmoid."""

    def __init__(self, *, base_channels: int, channels: int, detach_sigma: bool) -> None:
        base = base_channels
        same = partial(
            SpectralConv, kernel_size=3, stride=1, padding=1, bias=True, detach_sigma=detach_sigma
        )
        half = partial(
            SpectralConv, kernel_size=4, stride=2, padding=1, bias=True, detach_sigma=detach_sigma
        )
        self.conv1 = same(channels, base)
        self.conv2 = half(base, base)
        self.conv3 = same(base, 2 * base)
        self.conv4 = half(2 * base, 2 * base)
        self.conv5 = same(2 * base, 4 * base)
        self.conv6 = half(4 * base, 4 * base)
        self.conv7 = same(4 * base, 8 * base)
        self.score = SpectralConv(
            8 * base, 1, kernel_size=4, stride=1, padding=0, bias=False, detach_sigma=detach_sigma
        )

    def execute(self, images: Var) -> Var:
        maps = leaky_relu(self.conv1(images), negative_slope=0.1)
        maps = leaky_relu(self.conv2(maps), negative_slope=0.1)
        maps = leaky_relu(self.conv3(maps), negative_slope=0.1)
        maps = leaky_relu(self.conv4(maps), negative_slope=0.1)
        maps = leaky_relu(self.conv5(maps), negative_slope=0.1)
        maps = leaky_relu(self.conv6(maps), negative_slope=0.1)
        maps = leaky_relu(self.conv7(maps), negative_slope=0.1)
        return self.score(maps).flatten()
