"""The spectrally normalised families."""

from collections.abc import Iterator

from common.catalogue import System
from common.networks.builders import DISCRIMINATOR, GENERATOR, width
from common.parameters import NetworkBuilder, Parameter


def sngan(system: System) -> Iterator[Parameter]:
    """Seed S3: SNDCGAN for 32×32."""
    base, channels, rule = width(system.base_channels), width(system.channels), system.spectral_norm
    yield from GENERATOR.conv_transpose("project", system.latent_dim, 8 * base, 4)
    yield from GENERATOR.norm("project_norm", 8 * base)
    for number, inputs in enumerate((8, 4, 2), start=1):
        name = f"block{number}"
        yield from GENERATOR.conv_transpose(f"{name}.conv", inputs * base, inputs * base // 2, 4)
        yield from GENERATOR.norm(f"{name}.norm", inputs * base // 2)
    yield from GENERATOR.conv_transpose("image", base, channels, 3)

    pairs = [(channels, base), (base, base)]
    pairs += [(i * base, o * base) for i, o in ((1, 2), (2, 2), (2, 4), (4, 4), (4, 8))]
    for number, (inputs, outputs) in enumerate(pairs, start=1):
        kernel = 3 if number % 2 else 4
        yield from DISCRIMINATOR.conv(f"conv{number}", inputs, outputs, kernel, spectral=rule)
    yield from DISCRIMINATOR.conv("score", 8 * base, 1, 4, bias=False, spectral=rule)


def sngan_resnet(system: System) -> Iterator[Parameter]:
    """Seed S3: residual blocks, bilinear upsampling against average pooling."""
    base, channels, rule = width(system.base_channels), width(system.channels), system.spectral_norm
    size = width(system.image_size) // 16
    maps = (16 * base, size, size)
    yield from GENERATOR.linear("project", system.latent_dim, 16 * base * size**2, maps_out=maps)
    for number, inputs in enumerate((16, 8, 4, 2), start=1):
        yield from _up(f"block{number}", inputs * base, inputs * base // 2)
    yield from GENERATOR.norm("norm", base)
    yield from GENERATOR.conv("image", base, channels, 3)

    yield from _down(DISCRIMINATOR, "block0", channels, base, base, rule)
    for number, inputs in enumerate((1, 2, 4, 8), start=1):
        yield from _down(
            DISCRIMINATOR, f"block{number}", inputs * base, inputs * base, 2 * inputs * base, rule
        )
    yield from DISCRIMINATOR.linear("score", 16 * base, 1, spectral=rule)


def _up(name: str, inputs: int, outputs: int) -> Iterator[Parameter]:
    yield from GENERATOR.norm(f"{name}.norm1", inputs)
    yield from GENERATOR.conv(f"{name}.conv1", inputs, inputs, 3)
    yield from GENERATOR.norm(f"{name}.norm2", inputs)
    yield from GENERATOR.conv(f"{name}.conv2", inputs, outputs, 3)
    yield from GENERATOR.conv(f"{name}.shortcut", inputs, outputs, 1)


def _down(
    network: NetworkBuilder, name: str, inputs: int, hidden: int, outputs: int, rule: str | None
) -> Iterator[Parameter]:
    yield from network.conv(f"{name}.conv1", inputs, hidden, 3, spectral=rule)
    yield from network.conv(f"{name}.conv2", hidden, outputs, 3, spectral=rule)
    yield from network.conv(f"{name}.shortcut", inputs, outputs, 1, spectral=rule)
