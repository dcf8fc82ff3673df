"""The spectrally normalised families."""

from dataclasses import dataclass
from typing import ClassVar

from common.systems.checks import require_choice
from common.systems.networks.parts import (
    DISCRIMINATOR,
    GENERATOR,
    ImageFamily,
    Layers,
)

_DISCRIMINATOR = ("base_channels", "channels", "detach_sigma")
SIGMAS = ("detached", "differentiable")


@dataclass(frozen=True, kw_only=True)
class SNDCGAN(ImageFamily):
    """SNDCGAN for 32×32."""

    name: ClassVar[str] = "sngan"
    generator_keywords: ClassVar[tuple[str, ...]] = ("latent_dim", "base_channels", "channels")
    discriminator_keywords: ClassVar[tuple[str, ...]] = _DISCRIMINATOR
    spectral_norm: str  # whether sigma is "detached" from the gradient or "differentiable"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_choice(self, "spectral_norm", SIGMAS)
        self.require_size(32)

    @property
    def detach_sigma(self) -> bool:
        """Whether sigma is detached from the gradient."""
        return self.spectral_norm == "detached"

    def layers(self) -> Layers:
        """Every tensor of both networks in forward order, generator first."""
        base = self.base_channels
        yield from GENERATOR.conv_transpose("project", self.latent_dim, 8 * base, 4)
        yield from GENERATOR.norm("project_norm", 8 * base)
        for number, inputs in enumerate((8 * base, 4 * base, 2 * base), start=1):
            name = f"block{number}"
            yield from GENERATOR.conv_transpose(f"{name}.conv", inputs, inputs // 2, 4)
            yield from GENERATOR.norm(f"{name}.norm", inputs // 2)
        yield from GENERATOR.conv_transpose("image", base, self.channels, 3)

        sigma = self.spectral_norm
        pairs = [(self.channels, base), (base, base)]
        pairs += [(i * base, o * base) for i, o in ((1, 2), (2, 2), (2, 4), (4, 4), (4, 8))]
        for number, (inputs, outputs) in enumerate(pairs, start=1):
            kernel = 3 if number % 2 else 4
            yield from DISCRIMINATOR.conv(f"conv{number}", inputs, outputs, kernel, spectral=sigma)
        yield from DISCRIMINATOR.conv("score", 8 * base, 1, 4, bias=False, spectral=sigma)


@dataclass(frozen=True, kw_only=True)
class SNGANResNet(ImageFamily):
    """Residual pair: bilinear upsampling in G, average pooling in D."""

    name: ClassVar[str] = "sngan_resnet"
    discriminator_keywords: ClassVar[tuple[str, ...]] = _DISCRIMINATOR
    spectral_norm: str  # whether sigma is "detached" from the gradient or "differentiable"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_choice(self, "spectral_norm", SIGMAS)
        self.require_multiple(32, least=32)

    @property
    def detach_sigma(self) -> bool:
        """Whether sigma is detached from the gradient."""
        return self.spectral_norm == "detached"

    def layers(self) -> Layers:
        """Every tensor of both networks in forward order, generator first."""
        base, size = self.base_channels, self.image_size // 16
        maps = (16 * base, size, size)
        yield from GENERATOR.linear("project", self.latent_dim, 16 * base * size**2, maps_out=maps)
        for number, inputs in enumerate((16 * base, 8 * base, 4 * base, 2 * base), start=1):
            yield from _up(f"block{number}", inputs, inputs // 2)
        yield from GENERATOR.norm("norm", base)
        yield from GENERATOR.conv("image", base, self.channels, 3)

        sigma = self.spectral_norm
        yield from _down("block0", self.channels, base, base, sigma)
        for number, inputs in enumerate((base, 2 * base, 4 * base, 8 * base), start=1):
            yield from _down(f"block{number}", inputs, inputs, 2 * inputs, sigma)
        yield from DISCRIMINATOR.linear("score", 16 * base, 1, spectral=sigma)


def _up(name: str, inputs: int, outputs: int) -> Layers:
    yield from GENERATOR.norm(f"{name}.norm1", inputs)
    yield from GENERATOR.conv(f"{name}.conv1", inputs, inputs, 3)
    yield from GENERATOR.norm(f"{name}.norm2", inputs)
    yield from GENERATOR.conv(f"{name}.conv2", inputs, outputs, 3)
    yield from GENERATOR.conv(f"{name}.shortcut", inputs, outputs, 1)


def _down(name: str, inputs: int, hidden: int, outputs: int, sigma: str) -> Layers:
    yield from DISCRIMINATOR.conv(f"{name}.conv1", inputs, hidden, 3, spectral=sigma)
    yield from DISCRIMINATOR.conv(f"{name}.conv2", hidden, outputs, 3, spectral=sigma)
    yield from DISCRIMINATOR.conv(f"{name}.shortcut", inputs, outputs, 1, spectral=sigma)
