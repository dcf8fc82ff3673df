"""The convolutional pair of CS231n's GANs on MNIST."""

from functools import partial

import jax
from flax import nnx

from jax_impl.convolution import ConvTranspose
from jax_impl.layers import BatchNorm, leaky_relu

_norm = partial(BatchNorm, epsilon=1e-5, momentum=0.1, unbiased_running_variance=True)
# nnx's own default is float32; `float` is float64 under x64.
_linear = partial(nnx.Linear, param_dtype=float)
_conv = partial(nnx.Conv, kernel_size=(5, 5), strides=(1, 1), padding="VALID", param_dtype=float)
# nnx pads the stretched input: PyTorch's padding p is k−1−p on both sides, here 4−1−1.
_upsample = partial(
    ConvTranspose,
    kernel_size=(4, 4),
    strides=(2, 2),
    padding=((2, 2), (2, 2)),
    transpose_kernel=True,
    param_dtype=float,
)
_pool = partial(nnx.max_pool, window_shape=(2, 2), strides=(2, 2), padding="VALID")


class Generator(nnx.Module):
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
        rngs = nnx.Rngs(0)  # NNX draws weights at construction; common's streams replace them
        self.maps_shape = (image_size // 4, image_size // 4, 4 * base_channels)
        features = (image_size // 4) ** 2 * 4 * base_channels
        self.linear1 = _linear(latent_dim, dense_features, rngs=rngs)
        self.norm1 = _norm(dense_features)
        self.linear2 = _linear(dense_features, features, rngs=rngs)
        self.norm2 = _norm(features)
        self.up1 = _upsample(4 * base_channels, 2 * base_channels, rngs=rngs)
        self.norm3 = _norm(2 * base_channels)
        self.up2 = _upsample(2 * base_channels, channels, rngs=rngs)

    def __call__(self, noise: jax.Array) -> jax.Array:
        hidden = self.norm1(nnx.relu(self.linear1(noise)))
        hidden = self.norm2(nnx.relu(self.linear2(hidden)))
        maps = hidden.reshape(-1, *self.maps_shape)
        maps = self.norm3(nnx.relu(self.up1(maps)))
        return nnx.tanh(self.up2(maps))


class Discriminator(nnx.Module):
    """Two valid convolutions with max-pooling and two linear layers to scores (N,)."""

    def __init__(
        self, *, dense_features: int, base_channels: int, image_size: int, channels: int
    ) -> None:
        rngs = nnx.Rngs(0)  # as in the generator
        pooled = ((image_size - 4) // 2 - 4) // 2
        self.conv1 = _conv(channels, base_channels, rngs=rngs)
        self.conv2 = _conv(base_channels, 2 * base_channels, rngs=rngs)
        self.linear1 = _linear(pooled**2 * 2 * base_channels, dense_features, rngs=rngs)
        self.linear2 = _linear(dense_features, 1, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        maps = _pool(leaky_relu(self.conv1(images), negative_slope=0.01))
        maps = _pool(leaky_relu(self.conv2(maps), negative_slope=0.01))
        flat = maps.reshape(len(maps), -1)
        hidden = leaky_relu(self.linear1(flat), negative_slope=0.01)
        return self.linear2(hidden).squeeze(1)
