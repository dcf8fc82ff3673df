"""Convolutional families made for 28×28 digits."""

from collections.abc import Iterator

from common.catalogue import System
from common.networks.builders import DISCRIMINATOR, GENERATOR, width
from common.parameters import Parameter


def dcgan_mnist(system: System) -> Iterator[Parameter]:
    """Seed S4: two transposed convolutions against two valid convolutions with max-pooling."""
    base, dense = width(system.base_channels), width(system.dense_features)
    channels, size = width(system.channels), width(system.image_size) // 4
    maps = (4 * base, size, size)
    features = 4 * base * size**2
    yield from GENERATOR.linear("linear1", system.latent_dim, dense)
    yield from GENERATOR.norm("norm1", dense)
    yield from GENERATOR.linear("linear2", dense, features, maps_out=maps)
    yield from GENERATOR.norm("norm2", features, maps_out=maps)
    yield from GENERATOR.conv_transpose("up1", 4 * base, 2 * base, 4)
    yield from GENERATOR.norm("norm3", 2 * base)
    yield from GENERATOR.conv_transpose("up2", 2 * base, channels, 4)

    pooled = ((width(system.image_size) - 4) // 2 - 4) // 2
    flat = (2 * base, pooled, pooled)
    yield from DISCRIMINATOR.conv("conv1", channels, base, 5)
    yield from DISCRIMINATOR.conv("conv2", base, 2 * base, 5)
    yield from DISCRIMINATOR.linear("linear1", 2 * base * pooled**2, dense, maps_in=flat)
    yield from DISCRIMINATOR.linear("linear2", dense, 1)


def wgan_gp(system: System) -> Iterator[Parameter]:
    """Seed S3, gan_mnist.py: valid transposed convolutions with a crop, no norm anywhere."""
    base, channels = width(system.base_channels), width(system.channels)
    yield from GENERATOR.linear("project", system.latent_dim, 64 * base, maps_out=(4 * base, 4, 4))
    yield from GENERATOR.conv_transpose("up1", 4 * base, 2 * base, 5)
    yield from GENERATOR.conv_transpose("up2", 2 * base, base, 5)
    yield from GENERATOR.conv_transpose("image", base, channels, 8)
    yield from DISCRIMINATOR.conv("conv1", channels, base, 5)
    yield from DISCRIMINATOR.conv("conv2", base, 2 * base, 5)
    yield from DISCRIMINATOR.conv("conv3", 2 * base, 4 * base, 5)
    yield from DISCRIMINATOR.linear("score", 64 * base, 1, maps_in=(4 * base, 4, 4))
