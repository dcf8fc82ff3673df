"""Families with linear layers only."""

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from common.systems.networks.parameters import Maps
from common.systems.networks.parts import (
    DISCRIMINATOR,
    GENERATOR,
    Family,
    ImageFamily,
    Keywords,
    Layers,
    SquareImages,
)


@dataclass(frozen=True, kw_only=True)
class TwoWidths(Family):
    """Networks of linear layers, with one number of features each."""

    sample_keywords: ClassVar[tuple[str, ...]] = ()  # that say what a sample is
    generator_features: int
    discriminator_features: int

    @property
    def generator(self) -> Keywords:
        """The keyword arguments of the generator in every port."""
        sizes = {"latent_dim": self.latent_dim, "features": self.generator_features}
        return {**sizes, **self._sample}

    @property
    def discriminator(self) -> Keywords:
        """The keyword arguments of the discriminator in every port."""
        return {"features": self.discriminator_features, **self._sample}

    @property
    def _sample(self) -> Keywords:
        return {name: getattr(self, name) for name in self.sample_keywords}


@dataclass(frozen=True, kw_only=True)
class LSGANMLP(TwoWidths, SquareImages):
    """CS231n's pair: three linear layers in each network."""

    name: ClassVar[str] = "lsgan_mlp"
    sample_keywords: ClassVar[tuple[str, ...]] = ("image_size", "channels")

    def layers(self) -> Layers:
        """Every tensor of both networks in forward order, generator first."""
        yield from _stack(
            self.latent_dim,
            self.generator_features,
            self.discriminator_features,
            2,
            self.sample_shape,
        )


@dataclass(frozen=True, kw_only=True)
class MLP(ImageFamily):
    """WGAN's option: four linear layers in each network."""

    name: ClassVar[str] = "mlp"

    def layers(self) -> Layers:
        """Every tensor of both networks in forward order, generator first."""
        base = self.base_channels
        yield from _stack(self.latent_dim, base, base, 3, self.sample_shape)


@dataclass(frozen=True, kw_only=True)
class ToyMLP(TwoWidths):
    """gan_toy.py's pair: four linear layers in each network, on points."""

    name: ClassVar[str] = "toy_mlp"
    sample_keywords: ClassVar[tuple[str, ...]] = ("point_dim",)
    point_dim: int  # numbers per sample

    @property
    def sample_shape(self) -> tuple[int]:
        """The shape of one sample, (numbers,)."""
        return (self.point_dim,)

    def layers(self) -> Layers:
        """Every tensor of both networks in forward order, generator first."""
        yield from _stack(
            self.latent_dim,
            self.generator_features,
            self.discriminator_features,
            3,
            self.sample_shape,
        )


@dataclass(frozen=True, kw_only=True)
class GANMoments(TwoWidths):
    """devnag's pair: three linear layers in each network; D sees four moments of the batch."""

    name: ClassVar[str] = "gan_moments"
    least_batch: ClassVar[int] = 2  # the discriminator reads the spread of a minibatch

    @property
    def sample_shape(self) -> tuple[int]:
        """The shape of one sample: one number."""
        return (1,)

    def layers(self) -> Layers:
        """Every tensor of both networks in forward order, generator first."""
        wide, narrow = self.generator_features, self.discriminator_features
        yield from GENERATOR.linear("linear1", self.latent_dim, wide)
        yield from GENERATOR.linear("linear2", wide, wide)
        yield from GENERATOR.linear("linear3", wide, 1)
        yield from DISCRIMINATOR.linear("linear1", 4, narrow)
        yield from DISCRIMINATOR.linear("linear2", narrow, narrow)
        yield from DISCRIMINATOR.linear("linear3", narrow, 1)


def _stack(latent: int, wide: int, narrow: int, hidden: int, sample: tuple[int, ...]) -> Layers:
    """Both networks: `hidden` hidden layers and an output layer each."""
    image: Maps | None = sample if len(sample) == 3 else None
    last = hidden + 1
    for number in range(1, last):
        inputs = latent if number == 1 else wide
        yield from GENERATOR.linear(f"linear{number}", inputs, wide)
    yield from GENERATOR.linear(f"linear{last}", wide, prod(sample), maps_out=image)
    yield from DISCRIMINATOR.linear("linear1", prod(sample), narrow, maps_in=image)
    for number in range(2, last):
        yield from DISCRIMINATOR.linear(f"linear{number}", narrow, narrow)
    yield from DISCRIMINATOR.linear(f"linear{last}", narrow, 1)
