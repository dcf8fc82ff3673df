"""The convolutional least-squares families."""

from collections.abc import Iterator
from itertools import pairwise

from common.catalogue import System
from common.networks.builders import DISCRIMINATOR, GENERATOR, width
from common.parameters import Parameter


def lsgan_jittor(system: System) -> Iterator[Parameter]:
    """Seed S0: seven transposed convolutions against four strided convolutions."""
    base, size = width(system.base_channels), width(system.image_size) // 16
    channels, maps = width(system.channels), (4 * base, size, size)
    yield from GENERATOR.linear("project", system.latent_dim, 4 * base * size**2, maps_out=maps)
    yield from GENERATOR.norm("project_norm", 4 * base)
    widths = (4, 4, 4, 4, 4, 2, 1)
    for number, (inputs, outputs) in enumerate(pairwise(widths), start=1):
        yield from GENERATOR.conv_transpose(f"block{number}.conv", inputs * base, outputs * base, 3)
        yield from GENERATOR.norm(f"block{number}.norm", outputs * base)
    yield from GENERATOR.conv_transpose("image", base, channels, 3)

    yield from DISCRIMINATOR.conv("conv", channels, base, 5)
    for number, inputs in enumerate((1, 2, 4), start=1):
        yield from DISCRIMINATOR.conv(f"block{number}.conv", inputs * base, 2 * inputs * base, 5)
        yield from DISCRIMINATOR.norm(f"block{number}.norm", 2 * inputs * base)
    flat = (8 * base, size, size)
    yield from DISCRIMINATOR.linear("score", 8 * base * size**2, 1, maps_in=flat)


def lsgan_keras(system: System) -> Iterator[Parameter]:
    """Seed S0: Keras' 28×28 pair; the first norm of G stands before the reshape."""
    base, channels = width(system.base_channels), width(system.channels)
    size = width(system.image_size) // 4
    maps = (4 * base, size, size)
    features = 4 * base * size**2
    yield from GENERATOR.linear("project", system.latent_dim, features, maps_out=maps)
    yield from GENERATOR.norm("project_norm", features, maps_out=maps)
    yield from GENERATOR.conv_transpose("block1.conv", 4 * base, 2 * base, 4)
    yield from GENERATOR.norm("block1.norm", 2 * base)
    yield from GENERATOR.conv_transpose("block2.conv", 2 * base, base, 4)
    yield from GENERATOR.norm("block2.norm", base)
    yield from GENERATOR.conv("image", base, channels, 4)

    for number, (inputs, outputs) in enumerate(pairwise((channels, 2 * base, 4 * base)), start=1):
        yield from DISCRIMINATOR.conv(f"block{number}.conv", inputs, outputs, 4)
        yield from DISCRIMINATOR.norm(f"block{number}.norm", outputs)
    yield from DISCRIMINATOR.linear("score", features, 1, maps_in=maps)


def lsgan_pytorch(system: System) -> Iterator[Parameter]:
    """Seed S1: nearest upsampling against strided convolutions, norm after the activation."""
    base, channels = width(system.base_channels), width(system.channels)
    size = width(system.image_size)
    maps = (8 * base, size // 4, size // 4)
    features = 8 * base * (size // 4) ** 2
    yield from GENERATOR.linear("project", system.latent_dim, features, maps_out=maps)
    yield from GENERATOR.conv("block1.conv", 8 * base, 8 * base, 3)
    yield from GENERATOR.norm("block1.norm", 8 * base)
    yield from GENERATOR.conv("block2.conv", 8 * base, 4 * base, 3)
    yield from GENERATOR.norm("block2.norm", 4 * base)
    yield from GENERATOR.conv("image", 4 * base, channels, 3)

    yield from DISCRIMINATOR.conv("conv", channels, base, 3)
    for number, inputs in enumerate((1, 2, 4), start=1):
        yield from DISCRIMINATOR.conv(f"block{number}.conv", inputs * base, 2 * inputs * base, 3)
        yield from DISCRIMINATOR.norm(f"block{number}.norm", 2 * inputs * base)
    flat = (8 * base, size // 16, size // 16)
    yield from DISCRIMINATOR.linear("score", 8 * base * (size // 16) ** 2, 1, maps_in=flat)
