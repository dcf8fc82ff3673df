"""What one training step consumes, the same in every framework and from any step on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from common.catalogue import System
from common.datasets import Dataset
from common.errors import UsageError
from common.streams import Streams

Array = NDArray[Any]


@dataclass(frozen=True)
class Batch:
    """Real images (N, C, H, W) and the noise (N, latent_dim) of each network's update."""

    step: int  # counts from 1
    real: Array
    discriminator_noise: Array
    generator_noise: Array


def batches(
    system: System, dataset: Dataset, seed: int, *, first_step: int, last_step: int
) -> Iterator[Batch]:
    """The batches of the steps from first to last, both included.

    Each epoch visits the data in a seeded order of its own and drops what is left over.

    Raises:
        UsageError: the data set is smaller than a batch.
    """
    size = system.batch_size
    per_epoch = dataset.size // size
    if not per_epoch:
        raise UsageError(
            f"{dataset.name} has {dataset.size} images, fewer than a batch of {size}; "
            "use a smaller --batch-size"
        )
    streams = Streams(seed)
    latent = (size, system.latent_dim)
    for step in range(first_step, last_step + 1):
        epoch, place = divmod(step - 1, per_epoch)
        order = streams.order(epoch, dataset.size)[place * size : (place + 1) * size]
        first = streams.noise("discriminator", step, latent, system.noise)
        same = system.noise_reuse == "same"
        second = first if same else streams.noise("generator", step, latent, system.noise)
        yield Batch(step, dataset.images([int(i) for i in order]), first, second)
