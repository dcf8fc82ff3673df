"""What one training step consists of: which updates, in which order, from which noise."""

from dataclasses import dataclass, replace
from typing import ClassVar

from common.systems.checks import require_choice, require_whole


@dataclass(frozen=True, kw_only=True)
class WarmUp:
    """More updates of the discriminator, in the first steps and again now and then."""

    warm_discriminator_steps: int
    warm_steps: int  # how many steps it lasts
    warm_every: int  # and every how many steps it comes back

    def __post_init__(self) -> None:
        require_whole(self, "warm_discriminator_steps", "warm_steps", "warm_every")


@dataclass(frozen=True, kw_only=True)
class Alternating:
    """Updates of the discriminator, each on fakes of its own, then updates of the generator."""

    noise_reuse: str  # whether the generator's update starts from "fresh" or from the "same" noise
    discriminator_steps: int = 1
    generator_steps: int = 1
    warm_up: WarmUp | None = None

    def __post_init__(self) -> None:
        require_choice(self, "noise_reuse", ("fresh", "same"))
        require_whole(self, "discriminator_steps", "generator_steps")

    def discriminator_steps_at(self, step: int) -> int:
        """How many updates the discriminator has in that step, counted from 1."""
        done, warm = step - 1, self.warm_up
        if warm and (done < warm.warm_steps or done % warm.warm_every == 0):
            return warm.warm_discriminator_steps
        return self.discriminator_steps

    def one_each(self) -> "Alternating":
        """The same with one update of each network in every step."""
        return replace(self, discriminator_steps=1, generator_steps=1, warm_up=None)


@dataclass(frozen=True, kw_only=True)
class _OneEach:
    """One update of each network on the same fakes."""

    noise_reuse: ClassVar[str] = "fake"
    generator_steps: ClassVar[int] = 1

    def discriminator_steps_at(self, step: int) -> int:
        """How many updates the discriminator has in that step, counted from 1."""
        return 1


@dataclass(frozen=True, kw_only=True)
class SharedFakes(_OneEach):
    """The discriminator's update, then the generator's through the same fakes."""

    def one_each(self) -> "SharedFakes":
        """The same with one update of each network in every step."""
        return self


@dataclass(frozen=True, kw_only=True)
class MixedBatch(_OneEach):
    """The generator's update, then the discriminator's on one batch of real and fake samples."""

    def one_each(self) -> "MixedBatch":
        """The same with one update of each network in every step."""
        return self


Schedule = Alternating | SharedFakes | MixedBatch
