"""DCGAN for any image size that is a power of two, and the facade tutorial's discriminator."""

from dataclasses import dataclass
from typing import ClassVar

from common.systems.checks import require_choice
from common.systems.networks.parts import (
    DISCRIMINATOR,
    GENERATOR,
    IMAGE,
    ImageFamily,
    Layers,
)


@dataclass(frozen=True, kw_only=True)
class DCGAN(ImageFamily):
    """Bias-free convolutions of kernel 4 that halve or double the size down to 4×4."""

    name: ClassVar[str] = "dcgan"
    generator_keywords: ClassVar[tuple[str, ...]] = ("latent_dim", *IMAGE, "normalization")
    discriminator_keywords: ClassVar[tuple[str, ...]] = (*IMAGE, "normalization")
    normalization: str  # "batch" or "none", in both networks

    def __post_init__(self) -> None:
        super().__post_init__()
        require_choice(self, "normalization", ("batch", "none"))
        self.require_power_of_two(least=16)

    def layers(self) -> Layers:
        """Every tensor of both networks in forward order, generator first."""
        base, normalized = self.base_channels, self.normalization == "batch"
        yield from _generator(self, base, normalized=normalized)
        yield from DISCRIMINATOR.conv("conv", self.channels, base, 4, bias=False)
        for number in range(_doublings(self)):
            inputs = base * 2**number
            name = f"blocks.{number}"
            yield from DISCRIMINATOR.conv(f"{name}.conv", inputs, 2 * inputs, 4, bias=False)
            if normalized:
                yield from DISCRIMINATOR.norm(f"{name}.norm", 2 * inputs)
        top = base * 2 ** _doublings(self)
        yield from DISCRIMINATOR.conv("score", top, 1, 4, bias=False)


@dataclass(frozen=True, kw_only=True)
class Facade(ImageFamily):
    """DCGAN's generator against four strided convolutions and a linear head."""

    name: ClassVar[str] = "facade"
    generator_keywords: ClassVar[tuple[str, ...]] = ("latent_dim", *IMAGE, "normalization")
    normalization: ClassVar[str] = "batch"  # of the generator, which is DCGAN's

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_power_of_two(least=16)

    def layers(self) -> Layers:
        """Every tensor of both networks in forward order, generator first."""
        base, size = self.base_channels, self.image_size // 16
        yield from _generator(self, base, normalized=True)
        yield from DISCRIMINATOR.conv("conv", self.channels, base, 4, bias=False)
        for number, inputs in enumerate((base, 2 * base, 4 * base), start=1):
            name = f"block{number}"
            yield from DISCRIMINATOR.conv(f"{name}.conv", inputs, 2 * inputs, 4, bias=False)
            yield from DISCRIMINATOR.norm(f"{name}.norm", 2 * inputs)
        flat = (8 * base, size, size)
        yield from DISCRIMINATOR.linear("score", 8 * base * size**2, 1, maps_in=flat)


def _generator(family: ImageFamily, base: int, *, normalized: bool) -> Layers:
    top = base * 2 ** _doublings(family)
    yield from GENERATOR.conv_transpose("project", family.latent_dim, top, 4, bias=False)
    if normalized:
        yield from GENERATOR.norm("project_norm", top)
    for number in range(_doublings(family)):
        inputs = top // 2**number
        name = f"blocks.{number}"
        yield from GENERATOR.conv_transpose(f"{name}.conv", inputs, inputs // 2, 4, bias=False)
        if normalized:
            yield from GENERATOR.norm(f"{name}.norm", inputs // 2)
    yield from GENERATOR.conv_transpose("image", base, family.channels, 4, bias=False)


def _doublings(family: ImageFamily) -> int:
    """The number of doublings from 4×4 to half the image size."""
    return family.image_size.bit_length() - 4
