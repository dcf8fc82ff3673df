"""Families of linear layers alone."""

from collections.abc import Iterator

from common.catalogue import System
from common.networks.builders import DISCRIMINATOR, GENERATOR, width
from common.parameters import Parameter


def lsgan_mlp(system: System) -> Iterator[Parameter]:
    """Seed S4: three linear layers in each network."""
    image, pixels = _image(system)
    wide, narrow = width(system.generator_features), width(system.discriminator_features)
    yield from GENERATOR.linear("linear1", system.latent_dim, wide)
    yield from GENERATOR.linear("linear2", wide, wide)
    yield from GENERATOR.linear("linear3", wide, pixels, maps_out=image)
    yield from DISCRIMINATOR.linear("linear1", pixels, narrow, maps_in=image)
    yield from DISCRIMINATOR.linear("linear2", narrow, narrow)
    yield from DISCRIMINATOR.linear("linear3", narrow, 1)


def mlp(system: System) -> Iterator[Parameter]:
    """Seed S3, WGAN's option: four linear layers in each network."""
    image, pixels = _image(system)
    base = width(system.base_channels)
    yield from GENERATOR.linear("linear1", system.latent_dim, base)
    yield from GENERATOR.linear("linear2", base, base)
    yield from GENERATOR.linear("linear3", base, base)
    yield from GENERATOR.linear("linear4", base, pixels, maps_out=image)
    yield from DISCRIMINATOR.linear("linear1", pixels, base, maps_in=image)
    yield from DISCRIMINATOR.linear("linear2", base, base)
    yield from DISCRIMINATOR.linear("linear3", base, base)
    yield from DISCRIMINATOR.linear("linear4", base, 1)


def toy_mlp(system: System) -> Iterator[Parameter]:
    """Seed S3, gan_toy.py: four linear layers in each network, on points."""
    wide, narrow = width(system.generator_features), width(system.discriminator_features)
    points = width(system.point_dim)
    yield from GENERATOR.linear("linear1", system.latent_dim, wide)
    yield from GENERATOR.linear("linear2", wide, wide)
    yield from GENERATOR.linear("linear3", wide, wide)
    yield from GENERATOR.linear("linear4", wide, points)
    yield from DISCRIMINATOR.linear("linear1", points, narrow)
    yield from DISCRIMINATOR.linear("linear2", narrow, narrow)
    yield from DISCRIMINATOR.linear("linear3", narrow, narrow)
    yield from DISCRIMINATOR.linear("linear4", narrow, 1)


def gan_moments(system: System) -> Iterator[Parameter]:
    """Seed S3: three linear layers in each network; D takes the minibatch's four moments."""
    wide, narrow = width(system.generator_features), width(system.discriminator_features)
    yield from GENERATOR.linear("linear1", system.latent_dim, wide)
    yield from GENERATOR.linear("linear2", wide, wide)
    yield from GENERATOR.linear("linear3", wide, 1)
    yield from DISCRIMINATOR.linear("linear1", 4, narrow)
    yield from DISCRIMINATOR.linear("linear2", narrow, narrow)
    yield from DISCRIMINATOR.linear("linear3", narrow, 1)


def _image(system: System) -> tuple[tuple[int, int, int], int]:
    channels, size = width(system.channels), width(system.image_size)
    return (channels, size, size), channels * size**2
