"""The definition of one GAN: networks, loss, schedule, optimiser and hyper-parameters."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from common import UsageError
from common.systems.checks import require_choice, require_count
from common.systems.losses import Loss, WassersteinGP
from common.systems.networks import Networks
from common.systems.networks.mlp import GANMoments
from common.systems.optimisers import Optimiser
from common.systems.schedules import MixedBatch, Schedule, SharedFakes

INITIALISERS = ("uniform_fan_in", "dcgan", "glorot_uniform", "normal")
NOISES = ("normal", "uniform", "uniform_symmetric")


@dataclass(frozen=True, kw_only=True)
class System:
    """One GAN as its source defines it.

    Raises:
        UsageError: parts that cannot be combined.
    """

    name: str
    title: str
    source: str  # where its numbers come from: a repository and file, or a notebook
    citation: str  # of the paper
    networks: Networks
    initialiser: str  # a name in common.contract.initialisers
    noise: str  # a distribution in common.streams
    loss: Loss
    schedule: Schedule
    optimiser: Optimiser  # one instance for each network
    batch_size: int  # real samples in one discriminator update

    def __post_init__(self) -> None:
        require_count(self, "batch_size")
        require_choice(self, "initialiser", INITIALISERS)
        require_choice(self, "noise", NOISES)
        for problem in self._problems():
            raise UsageError(problem)

    def _problems(self) -> Iterator[str]:
        if self.batch_size < self.networks.least_batch:
            yield f"batch_size={self.batch_size}: {self.name} needs at least two samples in a batch"
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
        """The dimension of a sample if samples are points; None if they are images."""
        return self.sample_shape[0] if len(self.sample_shape) == 1 else None

    @property
    def latent_dim(self) -> int:
        """The dimension of a noise vector."""
        return self.networks.latent_dim

    def one_each(self) -> "System":
        """The same system with one update of each network per step."""
        return replace(self, schedule=self.schedule.one_each())
