"""The layers of each architecture family, listed once and independently of the ports."""

from collections.abc import Callable, Iterator
from itertools import pairwise

from common.catalogue import System
from common.contract import NetworkBuilder, Parameter

GENERATOR = NetworkBuilder("generator")
DISCRIMINATOR = NetworkBuilder("discriminator")


def _width(value: int | None) -> int:
    assert value is not None, "a row of the catalogue lacks a width that its architecture needs"
    return value


def lsgan_mlp(system: System) -> Iterator[Parameter]:
    """Seed S4: three linear layers in each network."""
    image = (system.channels, system.image_size, system.image_size)
    pixels = system.channels * system.image_size**2
    wide, narrow = _width(system.generator_features), _width(system.discriminator_features)
    yield from GENERATOR.linear("linear1", system.latent_dim, wide)
    yield from GENERATOR.linear("linear2", wide, wide)
    yield from GENERATOR.linear("linear3", wide, pixels, maps_out=image)
    yield from DISCRIMINATOR.linear("linear1", pixels, narrow, maps_in=image)
    yield from DISCRIMINATOR.linear("linear2", narrow, narrow)
    yield from DISCRIMINATOR.linear("linear3", narrow, 1)


def dcgan_mnist(system: System) -> Iterator[Parameter]:
    """Seed S4: two transposed convolutions against two valid convolutions with max-pooling."""
    base, dense = _width(system.base_channels), _width(system.dense_features)
    size = system.image_size // 4
    maps = (4 * base, size, size)
    features = 4 * base * size**2
    yield from GENERATOR.linear("linear1", system.latent_dim, dense)
    yield from GENERATOR.norm("norm1", dense)
    yield from GENERATOR.linear("linear2", dense, features, maps_out=maps)
    yield from GENERATOR.norm("norm2", features, maps_out=maps)
    yield from GENERATOR.conv_transpose("up1", 4 * base, 2 * base, 4)
    yield from GENERATOR.norm("norm3", 2 * base)
    yield from GENERATOR.conv_transpose("up2", 2 * base, system.channels, 4)

    pooled = ((system.image_size - 4) // 2 - 4) // 2
    flat = (2 * base, pooled, pooled)
    yield from DISCRIMINATOR.conv("conv1", system.channels, base, 5)
    yield from DISCRIMINATOR.conv("conv2", base, 2 * base, 5)
    yield from DISCRIMINATOR.linear("linear1", 2 * base * pooled**2, dense, maps_in=flat)
    yield from DISCRIMINATOR.linear("linear2", dense, 1)


def lsgan_jittor(system: System) -> Iterator[Parameter]:
    """Seed S0: seven transposed convolutions against four strided convolutions."""
    base, size = _width(system.base_channels), system.image_size // 16
    maps = (4 * base, size, size)
    yield from GENERATOR.linear("project", system.latent_dim, 4 * base * size**2, maps_out=maps)
    yield from GENERATOR.norm("project_norm", 4 * base)
    widths = (4, 4, 4, 4, 4, 2, 1)
    for number, (inputs, outputs) in enumerate(pairwise(widths), start=1):
        yield from GENERATOR.conv_transpose(f"block{number}.conv", inputs * base, outputs * base, 3)
        yield from GENERATOR.norm(f"block{number}.norm", outputs * base)
    yield from GENERATOR.conv_transpose("image", base, system.channels, 3)

    yield from DISCRIMINATOR.conv("conv", system.channels, base, 5)
    for number, inputs in enumerate((1, 2, 4), start=1):
        yield from DISCRIMINATOR.conv(f"block{number}.conv", inputs * base, 2 * inputs * base, 5)
        yield from DISCRIMINATOR.norm(f"block{number}.norm", 2 * inputs * base)
    flat = (8 * base, size, size)
    yield from DISCRIMINATOR.linear("score", 8 * base * size**2, 1, maps_in=flat)


NETWORKS: dict[str, Callable[[System], Iterator[Parameter]]] = {
    "lsgan_mlp": lsgan_mlp,
    "dcgan_mnist": dcgan_mnist,
    "lsgan_jittor": lsgan_jittor,
}
