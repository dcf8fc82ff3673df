"""What one GAN is made of."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from common import UsageError
from common.systems.checks import require_choice, require_whole
from common.systems.losses import Loss, WassersteinGP
from common.systems.networks import Networks
from common.systems.networks.mlp import GANMoments
from common.systems.optimisers import Optimiser
from common.systems.schedules import MixedBatch, Schedule, SharedFakes

INITIALISERS = ("uniform_fan_in", "dcgan", "glorot_uniform", "normal")
NOISES = ("normal", "uniform", "uniform_symmetric")


@dataclass(frozen=True, kw_only=True)
class System:
    """One GAN as its source has it.

    Raises:
        UsageError: parts that do not go together.
    """

    name: str
    title: str
    source: str  # where its numbers come from: a repository and file, or a notebook
    citation: str  # of the paper
    networks: Networks
    initialiser: str  # a rule of common.contract.initialisers
    noise: str  # a distribution of common.streams
    loss: Loss
    schedule: Schedule
    optimiser: Optimiser  # one of this kind for each network
    batch_size: int  # real samples in one update of the discriminator

    def __post_init__(self) -> None:
        require_whole(self, "batch_size")
        require_choice(self, "initialiser", INITIALISERS)
        require_choice(self, "noise", NOISES)
        for problem in self._problems():
            raise UsageError(problem)

    def _problems(self) -> Iterator[str]:
        if not isinstance(self.loss, WassersteinGP):
            return
        if isinstance(self.schedule, MixedBatch):
            yield (
                f"loss=wasserstein_gp: the discriminator of {self.name} sees one mixed batch; "
                "choose another loss"
            )
        if isinstance(self.networks, GANMoments):
            yield (
                "loss=wasserstein_gp: gan_moments gives one score a minibatch, and the penalty "
                "needs one a sample; choose another loss"
            )
        if self.networks.masks:
            yield (
                f"loss=wasserstein_gp: {self.name} drops units, and the penalty would see "
                "other ones than the scores; choose another loss"
            )
        if isinstance(self.schedule, SharedFakes):
            yield "loss=wasserstein_gp needs its own fakes: add --set noise_reuse=fresh"

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """The shape of one sample: (C, H, W), or (numbers,)."""
        return self.networks.sample_shape

    @property
    def point_dim(self) -> int | None:
        """How many numbers a sample has, where samples are points; None where they are images."""
        return self.sample_shape[0] if len(self.sample_shape) == 1 else None

    @property
    def latent_dim(self) -> int:
        """How many numbers a noise vector has."""
        return self.networks.latent_dim

    def one_each(self) -> "System":
        """The same with one update of each network in every step."""
        return replace(self, schedule=self.schedule.one_each())
