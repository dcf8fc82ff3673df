"""DCGAN as in arjovsky's WassersteinGAN, for any image size that is a power of two."""

from functools import partial

from jittor import Var, nn

from jittor_impl.layers import BatchNorm, Conv, ConvTranspose, leaky_relu, tanh

_batch_norm = partial(BatchNorm, epsilon=1e-5, momentum=0.1, unbiased_running_variance=True)
_conv = partial(Conv, kernel_size=4, bias=False)
_upsample = partial(ConvTranspose, kernel_size=4, bias=False)


def _norm(channels: int, normalization: str) -> nn.Module:
    return _batch_norm(channels) if normalization == "batch" else nn.Identity()


class _Up(nn.Module):
    def __init__(self, in_channels: int, out_channels: int, *, normalization: str) -> None:
        self.conv = _upsample(in_channels, out_channels, stride=2, padding=1)
        self.norm = _norm(out_channels, normalization)

    def execute(self, maps: Var) -> Var:
        return nn.relu(self.norm(self.conv(maps)))


class _Down(nn.Module):
    def __init__(self, in_channels: int, out_channels: int, *, normalization: str) -> None:
        self.conv = _conv(in_channels, out_channels, stride=2, padding=1)
        self.norm = _norm(out_channels, normalization)

    def execute(self, maps: Var) -> Var:
        return leaky_relu(self.norm(self.conv(maps)), negative_slope=0.2)


class Generator(nn.Module):
    """Transposed convolutions from noise at 1×1 over 4×4 to images in (−1, 1)."""

    def __init__(
        self,
        *,
        latent_dim: int,
        base_channels: int,
        image_size: int,
        channels: int,
        normalization: str,
    ) -> None:
        doublings = image_size.bit_length() - 4
        top = base_channels * 2**doublings
        self.project = _upsample(latent_dim, top, stride=1, padding=0)
        self.project_norm = _norm(top, normalization)
        self.blocks = nn.Sequential(
            *(
                _Up(top // 2**n, top // 2 ** (n + 1), normalization=normalization)
                for n in range(doublings)
            )
        )
        self.image = _upsample(base_channels, channels, stride=2, padding=1)

    def execute(self, noise: Var) -> Var:
        maps = self.project(noise[:, :, None, None])
        maps = self.blocks(nn.relu(self.project_norm(maps)))
        return tanh(self.image(maps))


class Discriminator(nn.Module):
    """Strided convolutions down to 4×4 and a 4×4 convolution to scores (N,)."""

    def __init__(
        self, *, base_channels: int, image_size: int, channels: int, normalization: str
    ) -> None:
        base, doublings = base_channels, image_size.bit_length() - 4
        self.conv = _conv(channels, base, stride=2, padding=1)
        self.blocks = nn.Sequential(
            *(
                _Down(base * 2**n, base * 2 ** (n + 1), normalization=normalization)
                for n in range(doublings)
            )
        )
        self.score = _conv(base * 2**doublings, 1, stride=1, padding=0)

    def execute(self, images: Var) -> Var:
        maps = leaky_relu(self.conv(images), negative_slope=0.2)
        return self.score(self.blocks(maps)).flatten()
