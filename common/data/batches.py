"""The step inputs of a run on a data set, the same in every framework and from any start step."""

from collections.abc import Callable, Iterator
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from common import UsageError
from common.data.dataset import Dataset
from common.streams import Streams
from common.streams.shards import WHOLE, Shards
from common.streams.step_inputs import Array, StepInputs, draw_step_inputs
from common.systems import System


def step_inputs(
    system: System,
    dataset: Dataset,
    seed: int,
    *,
    first_step: int,
    last_step: int,
    shards: Shards = WHOLE,
) -> Iterator[StepInputs]:
    """The inputs of the steps from first to last, both included, for one process's shards.

    Each epoch visits the data in its own seeded order; an incomplete last batch is dropped. Of
    every batch only this process's samples are read.

    Raises:
        UsageError: the data set is smaller than a batch.
    """
    check_size(system, dataset)
    size = system.batch_size
    order = lru_cache(maxsize=1)(partial(Streams(seed).order, size=dataset.size))
    visited = sum(system.schedule.discriminator_steps_at(step) for step in range(1, first_step))
    for step in range(first_step, last_step + 1):
        real = _batches(dataset, size, order, visited, shards)
        yield shards.cut_inputs(system, draw_step_inputs(system, seed, step, size, real))
        visited += system.schedule.discriminator_steps_at(step)


def check_size(system: System, dataset: Dataset) -> None:
    """Check that the data set is large enough for a batch.

    Raises:
        UsageError: it is smaller than a batch.
    """
    if dataset.size < system.batch_size:
        raise UsageError(
            f"{dataset.name} has {dataset.size} samples, fewer than a batch of "
            f"{system.batch_size}; use a smaller --batch-size"
        )


def _batches(
    dataset: Dataset,
    size: int,
    order: Callable[[int], NDArray[np.int64]],
    visited: int,
    shards: Shards,
) -> Callable[[int], Array]:
    per_epoch = dataset.size // size

    def batch(index: int) -> Array:
        epoch, place = divmod(visited + index, per_epoch)
        chosen = order(epoch)[place * size : (place + 1) * size]
        return dataset.samples(shards.cut(chosen).tolist())

    return batch
