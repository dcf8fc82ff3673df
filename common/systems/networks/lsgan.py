"""The convolutional least-squares families."""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from common.systems.checks import require_fraction
from common.systems.networks.parts import (
    DISCRIMINATOR,
    GENERATOR,
    IMAGE,
    ImageFamily,
    Layers,
    Mask,
)


@dataclass(frozen=True, kw_only=True)
class LSGANJittor(ImageFamily):
    """Jittor's notebook: seven transposed and four strided convolutions."""

    name: ClassVar[str] = "lsgan_jittor"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_multiple(16, least=16)

    def layers(self) -> Layers:
        """Every tensor of both networks in forward order, generator first."""
        base, size = self.base_channels, self.image_size // 16
        maps = (4 * base, size, size)
        yield from GENERATOR.linear("project", self.latent_dim, 4 * base * size**2, maps_out=maps)
        yield from GENERATOR.norm("project_norm", 4 * base)
        widths = [width * base for width in (4, 4, 4, 4, 4, 2, 1)]
        for number, (inputs, outputs) in enumerate(pairwise(widths), start=1):
            yield from GENERATOR.conv_transpose(f"block{number}.conv", inputs, outputs, 3)
            yield from GENERATOR.norm(f"block{number}.norm", outputs)
        yield from GENERATOR.conv_transpose("image", base, self.channels, 3)

        yield from DISCRIMINATOR.conv("conv", self.channels, base, 5)
        for number, inputs in enumerate((base, 2 * base, 4 * base), start=1):
            yield from DISCRIMINATOR.conv(f"block{number}.conv", inputs, 2 * inputs, 5)
            yield from DISCRIMINATOR.norm(f"block{number}.norm", 2 * inputs)
        flat = (8 * base, size, size)
        yield from DISCRIMINATOR.linear("score", 8 * base * size**2, 1, maps_in=flat)


@dataclass(frozen=True, kw_only=True)
class LSGANKeras(ImageFamily):
    """mnistGANs' 28×28 pair; the first norm of the generator comes before the reshape."""

    name: ClassVar[str] = "lsgan_keras"
    discriminator_keywords: ClassVar[tuple[str, ...]] = (*IMAGE, "dropout")
    dropout: float  # the share of units dropped in the discriminator

    def __post_init__(self) -> None:
        super().__post_init__()
        require_fraction(self, "dropout")
        self.require_multiple(4, least=4)

    @property
    def masks(self) -> tuple[Mask, ...]:
        """The discriminator's dropout masks in forward order."""
        base, half = self.base_channels, self.image_size // 2
        return (
            Mask("block1", self.dropout, (2 * base, half, half)),
            Mask("block2", self.dropout, (4 * base, half // 2, half // 2)),
        )

    def layers(self) -> Layers:
        """Every tensor of both networks in forward order, generator first."""
        base, size = self.base_channels, self.image_size // 4
        maps, features = (4 * base, size, size), 4 * base * size**2
        yield from GENERATOR.linear("project", self.latent_dim, features, maps_out=maps)
        yield from GENERATOR.norm("project_norm", features, maps_out=maps)
        yield from GENERATOR.conv_transpose("block1.conv", 4 * base, 2 * base, 4)
        yield from GENERATOR.norm("block1.norm", 2 * base)
        yield from GENERATOR.conv_transpose("block2.conv", 2 * base, base, 4)
        yield from GENERATOR.norm("block2.norm", base)
        yield from GENERATOR.conv("image", base, self.channels, 4)

        widths = (self.channels, 2 * base, 4 * base)
        for number, (inputs, outputs) in enumerate(pairwise(widths), start=1):
            yield from DISCRIMINATOR.conv(f"block{number}.conv", inputs, outputs, 4)
            yield from DISCRIMINATOR.norm(f"block{number}.norm", outputs)
        yield from DISCRIMINATOR.linear("score", features, 1, maps_in=maps)


@dataclass(frozen=True, kw_only=True)
class LSGANPyTorch(ImageFamily):
    """PyTorch-GAN's pair: nearest upsampling, strided convolutions, norm after activation."""

    name: ClassVar[str] = "lsgan_pytorch"
    discriminator_keywords: ClassVar[tuple[str, ...]] = (*IMAGE, "dropout")
    dropout: float  # the share of channels dropped in the discriminator

    def __post_init__(self) -> None:
        super().__post_init__()
        require_fraction(self, "dropout")
        self.require_multiple(16, least=16)

    @property
    def masks(self) -> tuple[Mask, ...]:
        """The discriminator's dropout masks in forward order: whole channels are dropped."""
        names = ("conv", "block1", "block2", "block3")
        widths = (self.base_channels * 2**place for place in range(4))
        return tuple(
            Mask(name, self.dropout, (width, 1, 1))
            for name, width in zip(names, widths, strict=True)
        )

    def layers(self) -> Layers:
        """Every tensor of both networks in forward order, generator first."""
        base, quarter = self.base_channels, self.image_size // 4
        maps, features = (8 * base, quarter, quarter), 8 * base * quarter**2
        yield from GENERATOR.linear("project", self.latent_dim, features, maps_out=maps)
        yield from GENERATOR.conv("block1.conv", 8 * base, 8 * base, 3)
        yield from GENERATOR.norm("block1.norm", 8 * base)
        yield from GENERATOR.conv("block2.conv", 8 * base, 4 * base, 3)
        yield from GENERATOR.norm("block2.norm", 4 * base)
        yield from GENERATOR.conv("image", 4 * base, self.channels, 3)

        yield from DISCRIMINATOR.conv("conv", self.channels, base, 3)
        for number, inputs in enumerate((base, 2 * base, 4 * base), start=1):
            yield from DISCRIMINATOR.conv(f"block{number}.conv", inputs, 2 * inputs, 3)
            yield from DISCRIMINATOR.norm(f"block{number}.norm", 2 * inputs)
        last = self.image_size // 16
        flat = (8 * base, last, last)
        yield from DISCRIMINATOR.linear("score", 8 * base * last**2, 1, maps_in=flat)
