"""What one training step consists of: which updates, in which order, from which noise."""

from dataclasses import dataclass, replace
from typing import ClassVar

from common.systems.checks import require_choice, require_count


@dataclass(frozen=True, kw_only=True)
class WarmUp:
    """More discriminator updates than usual, in the first steps and at regular intervals after."""

    warm_discriminator_steps: int
    warm_steps: int  # the number of first steps
    warm_every: int  # after them, one step in this many

    def __post_init__(self) -> None:
        require_count(self, "warm_discriminator_steps", "warm_steps", "warm_every")


@dataclass(frozen=True, kw_only=True)
class Alternating:
    """Discriminator updates, each on new fakes, then generator updates."""

    noise_reuse: str  # "fresh" noise for the generator's update, or the "same" as before
    discriminator_steps: int = 1
    generator_steps: int = 1
    warm_up: WarmUp | None = None

    def __post_init__(self) -> None:
        require_choice(self, "noise_reuse", ("fresh", "same"))
        require_count(self, "discriminator_steps", "generator_steps")

    def discriminator_steps_at(self, step: int) -> int:
        """The number of discriminator updates in that step; steps count from 1."""
        done, warm = step - 1, self.warm_up
        if warm and (done < warm.warm_steps or done % warm.warm_every == 0):
            return warm.warm_discriminator_steps
        return self.discriminator_steps

    def one_each(self) -> "Alternating":
        """The same schedule with one update of each network per step."""
        return replace(self, discriminator_steps=1, generator_steps=1, warm_up=None)


@dataclass(frozen=True, kw_only=True)
class _OneEach:
    """One update of each network on the same fakes."""

    noise_reuse: ClassVar[str] = "fake"
    generator_steps: ClassVar[int] = 1

    def discriminator_steps_at(self, step: int) -> int:
        """The number of discriminator updates in that step; steps count from 1."""
        return 1


@dataclass(frozen=True, kw_only=True)
class SharedFakes(_OneEach):
    """The discriminator's update, then the generator's through the same fakes."""

    def one_each(self) -> "SharedFakes":
        """The same schedule with one update of each network per step."""
        return self


@dataclass(frozen=True, kw_only=True)
class MixedBatch(_OneEach):
    """The generator's update, then the discriminator's on one batch of real and fake samples."""

    def one_each(self) -> "MixedBatch":
        """The same schedule with one update of each network per step."""
        return self


Schedule = Alternating | SharedFakes | MixedBatch
