"""The convolutional pair of CS231n's GANs on MNIST."""

from functools import partial

from torch import Tensor, nn
from torch.nn import functional as F

from torch_impl.layers import BatchNorm, leaky_relu

_norm = partial(BatchNorm, epsilon=1e-5, momentum=0.1, unbiased_running_variance=True)


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
        super().__init__()
        self.maps_shape = (4 * base_channels, image_size // 4, image_size // 4)
        features = 4 * base_channels * (image_size // 4) ** 2
        self.linear1 = nn.Linear(latent_dim, dense_features)
        self.norm1 = _norm(dense_features)
        self.linear2 = nn.Linear(dense_features, features)
        self.norm2 = _norm(features)
        self.up1 = nn.ConvTranspose2d(
            4 * base_channels, 2 * base_channels, kernel_size=4, stride=2, padding=1
        )
        self.norm3 = _norm(2 * base_channels)
        self.up2 = nn.ConvTranspose2d(
            2 * base_channels, channels, kernel_size=4, stride=2, padding=1
        )

    def forward(self, noise: Tensor) -> Tensor:
        hidden = self.norm1(F.relu(self.linear1(noise)))
        hidden = self.norm2(F.relu(self.linear2(hidden)))
        maps = hidden.unflatten(1, self.maps_shape)
        maps = self.norm3(F.relu(self.up1(maps)))
        return self.up2(maps).tanh()


class Discriminator(nn.Module):
    """Two valid convolutions with max-pooling and two linear layers to scores (N,)."""

    def __init__(
        self, *, dense_features: int, base_channels: int, image_size: int, channels: int
    ) -> None:
        super().__init__()
        pooled = ((image_size - 4) // 2 - 4) // 2
        self.conv1 = nn.Conv2d(channels, base_channels, kernel_size=5)
        self.conv2 = nn.Conv2d(base_channels, 2 * base_channels, kernel_size=5)
        self.linear1 = nn.Linear(2 * base_channels * pooled**2, dense_features)
        self.linear2 = nn.Linear(dense_features, 1)

    def forward(self, images: Tensor) -> Tensor:
        maps = F.max_pool2d(leaky_relu(self.conv1(images), negative_slope=0.01), kernel_size=2)
        maps = F.max_pool2d(leaky_relu(self.conv2(maps), negative_slope=0.01), kernel_size=2)
        hidden = leaky_relu(self.linear1(maps.flatten(1)), negative_slope=0.01)
        return self.linear2(hidden).squeeze(1)
