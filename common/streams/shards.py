"""Cut a batch into equal shards, one for each device that a run is spread over."""

from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from common import UsageError
from common.streams.step_inputs import StepInputs
from common.systems import System
from common.systems.schedules import MixedBatch

Array = NDArray[Any]


@dataclass(frozen=True)
class Shards:
    """The shards of every batch that one process computes: `own` of `total`, from `first` on.

    A mixed batch consists of real samples and fakes: each shard has its share of both, the real
    ones first. With `joined` the framework computes on the whole batch as one array, wherever its
    shards are, so these keep the order of the samples.
    """

    first: int = 0
    own: int = 1
    total: int = 1
    joined: bool = False

    def cut(self, array: Array, *, halves: bool = False) -> Array:
        """This process's shards of an array whose first axis is the batch, one after the other.

        With `halves`, each half of the array is cut by itself.

        Raises:
            ValueError: the array, or each half of it, cannot be cut into equal shards.
        """
        parts = 2 if halves and not self.joined else 1
        by_shard = array.reshape(parts, self.total, -1, *array.shape[1:]).swapaxes(0, 1)
        own = by_shard[self.first : self.first + self.own]
        return own.reshape(-1, *array.shape[1:])

    def cut_inputs(self, system: System, inputs: StepInputs) -> StepInputs:
        """The noise, alpha and masks of this process's shards; real samples are read by shard."""
        if self.total == 1:
            return inputs
        mixed = isinstance(system.schedule, MixedBatch)

        def cut(array: Any) -> Any:
            return None if array is None else self.cut(array, halves=mixed)

        critic = tuple(
            replace(
                update,
                noise=cut(update.noise),
                alpha=cut(update.alpha),
                real_masks=tuple(map(cut, update.real_masks)),
                fake_masks=tuple(map(cut, update.fake_masks)),
            )
            for update in inputs.discriminator
        )
        generator = tuple(
            replace(update, noise=cut(update.noise), masks=tuple(map(cut, update.masks)))
            for update in inputs.generator
        )
        return StepInputs(inputs.step, critic, generator)


WHOLE = Shards()


def check_shards(system: System, devices: int) -> None:
    """Check that a batch can be cut into equal shards, whose means have the batch's mean.

    Raises:
        UsageError: it cannot.
    """
    size = system.batch_size
    if size % devices:
        below, above = size // devices * devices, (size // devices + 1) * devices
        sizes = f"{below} or {above}" if below else str(above)
        raise UsageError(
            f"{devices} devices cannot share a batch of {size} equally; "
            f"use --batch-size {sizes}, or another --devices"
        )
