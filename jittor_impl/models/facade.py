"""The 64×64 discriminator of the facade tutorial, with a linear head; its generator is DCGAN's."""

from functools import partial

from jittor import Var, nn

from jittor_impl.layers import BatchNorm, Conv, Linear, leaky_relu

_norm = partial(BatchNorm, epsilon=1e-5, momentum=0.1, unbiased_running_variance=True)
_conv = partial(Conv, kernel_size=4, stride=2, padding=1, bias=False)


class _Down(nn.Module):
    def __init__(self, in_channels: int, out_channels: int) -> None:
        self.conv = _conv(in_channels, out_channels)
        self.norm = _norm(out_channels)

    def execute(self, maps: Var) -> Var:
        return leaky_relu(self.norm(self.conv(maps)), negative_slope=0.2)


class Discriminator(nn.Module):
    """Four strided convolutions and a linear layer to scores (N,), without a sigmoid."""

    def __init__(self, *, base_channels: int, image_size: int, channels: int) -> None:
        base, size = base_channels, image_size // 16
        self.conv = _conv(channels, base)
        self.block1 = _Down(base, 2 * base)
        self.block2 = _Down(2 * base, 4 * base)
        self.block3 = _Down(4 * base, 8 * base)
        self.score = Linear(8 * base * size**2, 1)

    def execute(self, images: Var) -> Var:
        maps = leaky_relu(self.conv(images), negative_slope=0.2)
        maps = self.block3(self.block2(self.block1(maps)))
        return self.score(maps.flatten(1)).squeeze(1)
