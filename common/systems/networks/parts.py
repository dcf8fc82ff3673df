"""Base classes of the network families."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from common import UsageError
from common.systems.checks import require_count
from common.systems.networks.parameters import NetworkBuilder, Parameter

GENERATOR = NetworkBuilder("generator")
DISCRIMINATOR = NetworkBuilder("discriminator")
Keywords = dict[str, Any]
Layers = Iterator[Parameter]


class Mask(NamedTuple):
    """One dropout layer of the discriminator; the shape is that of one sample."""

    name: str
    rate: float  # the share of units dropped
    shape: tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class Family(ABC):
    """A generator and a discriminator, described by their sizes."""

    name: ClassVar[str]
    least_batch: ClassVar[int] = 1  # real samples in one update
    pixel_range: ClassVar[str] = "symmetric"  # [−1, 1]; or "unit", [0, 1]
    latent_dim: int

    def __post_init__(self) -> None:
        sizes = (name for name, value in vars(self).items() if isinstance(value, int))
        require_count(self, *sizes)

    @property
    @abstractmethod
    def sample_shape(self) -> tuple[int, ...]:
        """The shape of one sample: (C, H, W), or (numbers,)."""

    @property
    @abstractmethod
    def generator(self) -> Keywords:
        """The keyword arguments of the generator in every port."""

    @property
    @abstractmethod
    def discriminator(self) -> Keywords:
        """The keyword arguments of the discriminator in every port."""

    @abstractmethod
    def layers(self) -> Layers:
        """Every tensor of both networks in forward order, generator first."""

    @property
    def masks(self) -> tuple[Mask, ...]:
        """The discriminator's dropout masks in forward order."""
        return ()


@dataclass(frozen=True, kw_only=True)
class SquareImages(Family):
    """Networks on square images."""

    channels: int
    image_size: int

    @property
    def sample_shape(self) -> tuple[int, int, int]:
        """The shape of one sample, (C, H, W)."""
        return (self.channels, self.image_size, self.image_size)

    def require_multiple(self, factor: int, *, least: int) -> None:
        """Require an image size that is a multiple of `factor`.

        Raises:
            UsageError: it is not a multiple, or too small.
        """
        if self.image_size < least or self.image_size % factor:
            self._reject_size(f"a multiple of {factor} from {least}")

    def require_power_of_two(self, *, least: int) -> None:
        """Require an image size that is a power of two.

        Raises:
            UsageError: it is not a power of two, or too small.
        """
        if self.image_size < least or self.image_size & (self.image_size - 1):
            self._reject_size(f"a power of two from {least}")

    def require_size(self, size: int) -> None:
        """Require this image size.

        Raises:
            UsageError: it is another one.
        """
        if self.image_size != size:
            self._reject_size(f"only {size}")

    def _reject_size(self, allowed: str) -> None:
        raise UsageError(f"image_size={self.image_size}: {self.name} takes {allowed}")


IMAGE = ("base_channels", "image_size", "channels")


@dataclass(frozen=True, kw_only=True)
class ImageFamily(SquareImages):
    """Networks on square images whose widths are multiples of one number."""

    generator_keywords: ClassVar[tuple[str, ...]] = ("latent_dim", *IMAGE)
    discriminator_keywords: ClassVar[tuple[str, ...]] = IMAGE
    base_channels: int  # the sources' ngf, ndf and DIM

    @property
    def generator(self) -> Keywords:
        """The keyword arguments of the generator in every port."""
        return {name: getattr(self, name) for name in self.generator_keywords}

    @property
    def discriminator(self) -> Keywords:
        """The keyword arguments of the discriminator in every port."""
        return {name: getattr(self, name) for name in self.discriminator_keywords}
