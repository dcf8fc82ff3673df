"""DCGAN's pyramid at any power of two, and the facade discriminator beside it."""

from collections.abc import Iterator

from common.catalogue import System
from common.networks.builders import DISCRIMINATOR, GENERATOR, width
from common.parameters import Parameter


def dcgan(system: System) -> Iterator[Parameter]:
    """Seed S3: bias-free convolutions of kernel 4 that halve or double the size to 4×4."""
    yield from _generator(system)
    base, norm = width(system.base_channels), system.normalization == "batch"
    yield from DISCRIMINATOR.conv("conv", width(system.channels), base, 4, bias=False)
    for number in range(_doublings(system)):
        inputs = base * 2**number
        yield from DISCRIMINATOR.conv(f"blocks.{number}.conv", inputs, 2 * inputs, 4, bias=False)
        if norm:
            yield from DISCRIMINATOR.norm(f"blocks.{number}.norm", 2 * inputs)
    top = base * 2 ** _doublings(system)
    yield from DISCRIMINATOR.conv("score", top, 1, 4, bias=False)


def facade(system: System) -> Iterator[Parameter]:
    """Seed S2: DCGAN's generator against four strided convolutions and a linear head."""
    yield from _generator(system)
    base, size = width(system.base_channels), width(system.image_size) // 16
    yield from DISCRIMINATOR.conv("conv", width(system.channels), base, 4, bias=False)
    for number, inputs in enumerate((1, 2, 4), start=1):
        name = f"block{number}"
        yield from DISCRIMINATOR.conv(
            f"{name}.conv", inputs * base, 2 * inputs * base, 4, bias=False
        )
        yield from DISCRIMINATOR.norm(f"{name}.norm", 2 * inputs * base)
    flat = (8 * base, size, size)
    yield from DISCRIMINATOR.linear("score", 8 * base * size**2, 1, maps_in=flat)


def _generator(system: System) -> Iterator[Parameter]:
    norm = system.normalization != "none"
    top = width(system.base_channels) * 2 ** _doublings(system)
    yield from GENERATOR.conv_transpose("project", system.latent_dim, top, 4, bias=False)
    if norm:
        yield from GENERATOR.norm("project_norm", top)
    for number in range(_doublings(system)):
        inputs = top // 2**number
        name = f"blocks.{number}"
        yield from GENERATOR.conv_transpose(f"{name}.conv", inputs, inputs // 2, 4, bias=False)
        if norm:
            yield from GENERATOR.norm(f"{name}.norm", inputs // 2)
    yield from GENERATOR.conv_transpose(
        "image", width(system.base_channels), width(system.channels), 4, bias=False
    )


def _doublings(system: System) -> int:
    """How often 8×8 maps double up to half the image size."""
    return width(system.image_size).bit_length() - 4
