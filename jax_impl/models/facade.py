"""The 64×64 discriminator of the facade tutorial, with a linear head; its generator is DCGAN's."""

from functools import partial

import jax
from flax import nnx

from jax_impl.layers import BatchNorm, leaky_relu

_norm = partial(BatchNorm, epsilon=1e-5, momentum=0.1, unbiased_running_variance=True)
# nnx's own default is float32; `float` is float64 under x64.
_conv = partial(
    nnx.Conv,
    kernel_size=(4, 4),
    strides=(2, 2),
    padding=((1, 1), (1, 1)),
    use_bias=False,
    param_dtype=float,
)


class _Down(nnx.Module):
    def __init__(self, in_channels: int, out_channels: int, *, rngs: nnx.Rngs) -> None:
        self.conv = _conv(in_channels, out_channels, rngs=rngs)
        self.norm = _norm(out_channels)

    def __call__(self, maps: jax.Array) -> jax.Array:
        return leaky_relu(self.norm(self.conv(maps)), negative_slope=0.2)


class Discriminator(nnx.Module):
    """Four strided convolutions and a linear layer to scores (N,), without a sigmoid."""

    def __init__(self, *, base_channels: int, image_size: int, channels: int) -> None:
        rngs = nnx.Rngs(0)  # NNX draws weights at construction; common's streams replace them
        base, size = base_channels, image_size // 16
        self.conv = _conv(channels, base, rngs=rngs)
        self.block1 = _Down(base, 2 * base, rngs=rngs)
        self.block2 = _Down(2 * base, 4 * base, rngs=rngs)
        self.block3 = _Down(4 * base, 8 * base, rngs=rngs)
        self.score = nnx.Linear(size**2 * 8 * base, 1, param_dtype=float, rngs=rngs)

    def __call__(self, images: jax.Array) -> jax.Array:
        maps = leaky_relu(self.conv(images), negative_slope=0.2)
        maps = self.block3(self.block2(self.block1(maps)))
        return self.score(maps.reshape(len(maps), -1)).squeeze(1)
