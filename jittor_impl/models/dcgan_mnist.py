"""The convolutional pair of CS231n's GANs on MNIST."""

from functools import partial, reduce

import jittor as jt
from jittor import Var, nn

from jittor_impl.layers import BatchNorm, Conv, ConvTranspose, Linear, leaky_relu, tanh

_norm = partial(BatchNorm, epsilon=1e-5, momentum=0.1, unbiased_running_variance=True)


def _max_pool(maps: Var) -> Var:
    # Jittor's own kernel silently returns a wrong second derivative; it also refuses
    # maps as small as its window.
    count, channels, height, width = maps.shape
    shape = (count, channels, height // 2, width // 2)
    windows = ("2*i2", "2*i3"), ("2*i2", "2*i3+1"), ("2*i2+1", "2*i3"), ("2*i2+1", "2*i3+1")
    corners = (maps.reindex(shape, ["i0", "i1", row, column]) for row, column in windows)
    # Where two are equal, the gradient goes to the first.
    return reduce(lambda best, corner: jt.ternary(corner > best, corner, best), corners)


class Generator(nn.Module):
    """Two linear layers and two transposed convolutions, each ReLU before its batch norm."""

    def __init__(
        self,
        *,
        latent_dim: int,
        dense_features: int,
        base_channels: int,
        image_size: int,
        channels: int,
    ) -> None:
        self.maps_shape = (4 * base_channels, image_size // 4, image_size // 4)
        features = 4 * base_channels * (image_size // 4) ** 2
        self.linear1 = Linear(latent_dim, dense_features)
        self.norm1 = _norm(dense_features)
        self.linear2 = Linear(dense_features, features)
        self.norm2 = _norm(features)
        self.up1 = ConvTranspose(
            4 * base_channels, 2 * base_channels, kernel_size=4, stride=2, padding=1
        )
        self.norm3 = _norm(2 * base_channels)
        self.up2 = ConvTranspose(2 * base_channels, channels, kernel_size=4, stride=2, padding=1)

    def execute(self, noise: Var) -> Var:
        hidden = self.norm1(nn.relu(self.linear1(noise)))
        hidden = self.norm2(nn.relu(self.linear2(hidden)))
        maps = hidden.reshape((-1, *self.maps_shape))
        maps = self.norm3(nn.relu(self.up1(maps)))
        return tanh(self.up2(maps))


class Discriminator(nn.Module):
    """Two valid convolutions with max-pooling and two linear layers to scores (N,)."""

    def __init__(
        self, *, dense_features: int, base_channels: int, image_size: int, channels: int
    ) -> None:
        pooled = ((image_size - 4) // 2 - 4) // 2
        self.conv1 = Conv(channels, base_channels, kernel_size=5)
        self.conv2 = Conv(base_channels, 2 * base_channels, kernel_size=5)
        self.linear1 = Linear(2 * base_channels * pooled**2, dense_features)
        self.linear2 = Linear(dense_features, 1)

    def execute(self, images: Var) -> Var:
        maps = _max_pool(leaky_relu(self.conv1(images), negative_slope=0.01))
        maps = _max_pool(leaky_relu(self.conv2(maps), negative_slope=0.01))
        hidden = leaky_relu(self.linear1(maps.flatten(1)), negative_slope=0.01)
        return self.linear2(hidden).squeeze(1)
