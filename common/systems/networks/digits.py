"""Convolutional families for 28×28 digits."""

from dataclasses import dataclass
from typing import ClassVar

from common.systems.networks.parts import (
    DISCRIMINATOR,
    GENERATOR,
    IMAGE,
    ImageFamily,
    Layers,
)


@dataclass(frozen=True, kw_only=True)
class DCGANMnist(ImageFamily):
    """CS231n's pair: two transposed convolutions, two valid convolutions with max-pooling."""

    name: ClassVar[str] = "dcgan_mnist"
    least_batch: ClassVar[int] = 2  # a batch norm of vectors has no variance over one sample
    generator_keywords: ClassVar[tuple[str, ...]] = ("latent_dim", *IMAGE, "dense_features")
    discriminator_keywords: ClassVar[tuple[str, ...]] = (*IMAGE, "dense_features")
    dense_features: int  # of the hidden linear layers

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_multiple(4, least=16)

    def layers(self) -> Layers:
        """Every tensor of both networks in forward order, generator first."""
        base, dense, size = self.base_channels, self.dense_features, self.image_size // 4
        maps, features = (4 * base, size, size), 4 * base * size**2
        yield from GENERATOR.linear("linear1", self.latent_dim, dense)
        yield from GENERATOR.norm("norm1", dense)
        yield from GENERATOR.linear("linear2", dense, features, maps_out=maps)
        yield from GENERATOR.norm("norm2", features, maps_out=maps)
        yield from GENERATOR.conv_transpose("up1", 4 * base, 2 * base, 4)
        yield from GENERATOR.norm("norm3", 2 * base)
        yield from GENERATOR.conv_transpose("up2", 2 * base, self.channels, 4)

        pooled = ((self.image_size - 4) // 2 - 4) // 2
        flat = (2 * base, pooled, pooled)
        yield from DISCRIMINATOR.conv("conv1", self.channels, base, 5)
        yield from DISCRIMINATOR.conv("conv2", base, 2 * base, 5)
        yield from DISCRIMINATOR.linear("linear1", 2 * base * pooled**2, dense, maps_in=flat)
        yield from DISCRIMINATOR.linear("linear2", dense, 1)


@dataclass(frozen=True, kw_only=True)
class WGANGP(ImageFamily):
    """gan_mnist.py's pair: valid transposed convolutions with a crop, no normalisation."""

    name: ClassVar[str] = "wgan_gp"
    pixel_range: ClassVar[str] = "unit"
    generator_keywords: ClassVar[tuple[str, ...]] = ("latent_dim", "base_channels", "channels")
    discriminator_keywords: ClassVar[tuple[str, ...]] = ("base_channels", "channels")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_size(28)

    def layers(self) -> Layers:
        """Every tensor of both networks in forward order, generator first."""
        base, maps = self.base_channels, (4 * self.base_channels, 4, 4)
        yield from GENERATOR.linear("project", self.latent_dim, 64 * base, maps_out=maps)
        yield from GENERATOR.conv_transpose("up1", 4 * base, 2 * base, 5)
        yield from GENERATOR.conv_transpose("up2", 2 * base, base, 5)
        yield from GENERATOR.conv_transpose("image", base, self.channels, 8)
        yield from DISCRIMINATOR.conv("conv1", self.channels, base, 5)
        yield from DISCRIMINATOR.conv("conv2", base, 2 * base, 5)
        yield from DISCRIMINATOR.conv("conv3", 2 * base, 4 * base, 5)
        yield from DISCRIMINATOR.linear("score", 64 * base, 1, maps_in=maps)
