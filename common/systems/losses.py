"""The losses that a system may have.

`generator` and `discriminator` are the keyword arguments of the loss functions in every port;
`metrics` are what an update of the discriminator reports besides its loss.
"""

from dataclasses import dataclass
from typing import ClassVar

from common import UsageError
from common.systems.checks import require_not_negative

Keywords = dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Vanilla:
    """Cross-entropy on logits, with the non-saturating loss for the generator."""

    name: ClassVar[str] = "vanilla"
    metrics: ClassVar[tuple[str, ...]] = ()
    generator: ClassVar[Keywords] = {}
    discriminator: ClassVar[Keywords] = {}


@dataclass(frozen=True, kw_only=True)
class LeastSquares:
    """Squared distances between scores and labels; the labels are named by role."""

    name: ClassVar[str] = "least_squares"
    metrics: ClassVar[tuple[str, ...]] = ()
    real_label: float = 1.0
    fake_label: float = 0.0
    gen_label: float = 1.0
    discriminator_factor: float = 0.5
    generator_factor: float = 0.5

    @property
    def generator(self) -> Keywords:
        """The keyword arguments of the generator's loss."""
        return {"gen_label": self.gen_label, "factor": self.generator_factor}

    @property
    def discriminator(self) -> Keywords:
        """The keyword arguments of the discriminator's loss."""
        labels = {"real_label": self.real_label, "fake_label": self.fake_label}
        return {**labels, "factor": self.discriminator_factor}


@dataclass(frozen=True, kw_only=True)
class _Critic:
    """Differences of mean scores."""

    wasserstein_sign: float = 1.0  # 1: the critic scores real samples high; −1: low

    def __post_init__(self) -> None:
        if abs(self.wasserstein_sign) != 1:
            raise UsageError(f"wasserstein_sign={self.wasserstein_sign}: must be 1 or -1")

    @property
    def generator(self) -> Keywords:
        """The keyword arguments of the generator's loss."""
        return {"sign": self.wasserstein_sign}

    @property
    def discriminator(self) -> Keywords:
        """The keyword arguments of the discriminator's loss."""
        return {"sign": self.wasserstein_sign}


@dataclass(frozen=True, kw_only=True)
class Wasserstein(_Critic):
    """A critic whose weights are clipped after each of its updates."""

    name: ClassVar[str] = "wasserstein"
    metrics: ClassVar[tuple[str, ...]] = ("wasserstein_estimate",)
    weight_clip: float = 0.01  # the critic's weights stay in ± this

    def __post_init__(self) -> None:
        super().__post_init__()
        require_not_negative(self, "weight_clip")


@dataclass(frozen=True, kw_only=True)
class WassersteinGP(_Critic):
    """A critic with a penalty on its gradient between real samples and fakes."""

    name: ClassVar[str] = "wasserstein_gp"
    metrics: ClassVar[tuple[str, ...]] = ("wasserstein_estimate", "penalty")
    penalty_weight: float = 10.0  # λ

    def __post_init__(self) -> None:
        super().__post_init__()
        require_not_negative(self, "penalty_weight")


@dataclass(frozen=True, kw_only=True)
class Hinge:
    """Scores beyond a margin of 1 cost the discriminator nothing."""

    name: ClassVar[str] = "hinge"
    metrics: ClassVar[tuple[str, ...]] = ()
    generator: ClassVar[Keywords] = {}
    discriminator: ClassVar[Keywords] = {}


Loss = Vanilla | LeastSquares | Wasserstein | WassersteinGP | Hinge
LOSSES: dict[str, type[Loss]] = {
    loss.name: loss for loss in (Vanilla, LeastSquares, Wasserstein, WassersteinGP, Hinge)
}
