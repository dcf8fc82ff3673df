"""The 28×28 pair of mnistGANs, a Keras LSGAN."""

from functools import partial

from jittor import Var, nn

from jittor_impl.layers import BatchNorm, Conv, ConvTranspose, Linear, dropout, leaky_relu, tanh

# Keras' momentum is the weight of the old value: 0.99 there.
_norm = partial(BatchNorm, epsilon=1e-3, momentum=0.01, unbiased_running_variance=False)

# Keras' LeakyReLU(0.3) stores its slope in float32, even in float64 networks.
_SLOPE = 0.30000001192092896


class _Up(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        self.conv = ConvTranspose(in_channels, out_channels, kernel_size=4, stride=2, padding=1)
        self.norm = _norm(out_channels)

    def execute(self, maps: Var) -> Var:
        return nn.relu(self.norm(self.conv(maps)))


class _Down(nn.Module):
    def __init__(self, in_channels: int, out_channels: int, *, dropout: float) -> None:
        self.rate = dropout
        self.conv = Conv(in_channels, out_channels, kernel_size=4, stride=2, padding=1)
        self.norm = _norm(out_channels)

    def execute(self, maps: Var, mask: Var | None) -> Var:
        maps = leaky_relu(self.norm(self.conv(maps)), negative_slope=_SLOPE)
        return dropout(maps, mask, rate=self.rate)


class Generator(nn.Module):
    """A projection normalised before its reshape, two transposed convolutions and a convolution."""

    def __init__(
        self, *, latent_dim: int, base_channels: int, image_size: int, channels: int
    ) -> None:
        base, size = base_channels, image_size // 4
        self.maps_shape = (4 * base, size, size)
        self.project = Linear(latent_dim, 4 * base * size**2)
        self.project_norm = _norm(4 * base * size**2)
        self.block1 = _Up(4 * base, 2 * base)
        self.block2 = _Up(2 * base, base)
        self.image = Conv(base, channels, kernel_size=4)

    def execute(self, noise: Var) -> Var:
        hidden = nn.relu(self.project_norm(self.project(noise)))
        maps = self.block2(self.block1(hidden.reshape((-1, *self.maps_shape))))
        # Keras' "same" padding of an even kernel has one more row below and right.
        return tanh(self.image(nn.pad(maps, (1, 2, 1, 2), mode="constant", value=0)))


class Discriminator(nn.Module):
    """Two strided convolutions with dropout and a linear layer to scores (N,)."""

    def __init__(
        self, *, base_channels: int, image_size: int, channels: int, dropout: float
    ) -> None:
        base, size = base_channels, image_size // 4
        self.block1 = _Down(channels, 2 * base, dropout=dropout)
        self.block2 = _Down(2 * base, 4 * base, dropout=dropout)
        self.score = Linear(4 * base * size**2, 1)

    def execute(self, images: Var, *masks: Var) -> Var:
        first, second = masks or (None, None)
        maps = self.block2(self.block1(images, first), second)
        return self.score(maps.flatten(1)).squeeze(1)
