"""Several devices: each computes its shards of the batch, and all make the same updates."""

import atexit
import os
import sys
from collections.abc import Mapping

import jittor as jt
import numpy as np
from jittor import Var, nn

from common import UsageError
from common.backends.jittor_mpi import LOCAL_SIZE, problem
from common.streams.shards import Shards
from jittor_impl.layers import BatchNorm, average, constant, scalar, spread
from jittor_impl.models.gan_moments import Discriminator as MomentsDiscriminator


def connect(device: str, devices: int) -> None:
    """Join the processes that train together; do so before the device is chosen.

    Args:
        device: "cpu" or "cuda".
        devices: how many devices share each batch, on all hosts together.

    Raises:
        UsageError: the launcher started another number of processes, or there are fewer devices.
    """
    if found := problem(devices):
        raise UsageError(found)
    if devices == 1:
        return
    atexit.register(_abort)
    # Each process sees one GPU, or none if the others have taken all.
    if device == "cuda" and jt.has_cuda and jt.core.get_device_count() == 0:
        here = os.environ[LOCAL_SIZE]
        raise UsageError(f"{here} processes on this host need as many GPUs; it has fewer")


def disconnect() -> None:
    """Leave the other processes, at the end."""
    # After an error the others have not come to their end.
    if sys.exc_info()[0] is None:
        atexit.unregister(_abort)


def shards() -> Shards:
    """The shards of every batch that this process computes."""
    return Shards(first=jt.rank, total=jt.world_size)


def replicate(network: nn.Module) -> nn.Module:
    """The network with gradients and batch statistics of the whole batch, on every device."""
    # Jittor's optimisers average the gradients, and take the first process's parameters at first.
    # Of the pending operators that could run, Jittor runs the one made first: that is the same in
    # all processes, so they communicate in the same order.
    for module in network.modules():
        if isinstance(module, BatchNorm):
            # The statistics are the only thing that differs, so parameters and buffers stay.
            module.__class__ = _SyncBatchNorm
    if isinstance(network, MomentsDiscriminator):
        network.register_pre_forward_hook(_gather)
    return network


def averaged(metrics: Mapping[str, Var]) -> dict[str, Var]:
    """The metrics of the whole batch, from those of each process's shards."""
    if not jt.in_mpi:
        return dict(metrics)
    means = {name: scalar(value.mpi_all_reduce("mean")) for name, value in metrics.items()}
    # Left lazy, they would wait for each other if the processes read them in different orders.
    jt.sync(list(means.values()))
    return means


def agree(number: int) -> int:
    """The largest of the numbers that the processes give."""
    if not jt.in_mpi:
        return number
    # Jittor's MPI operators can only add.
    given = np.zeros(jt.world_size, np.int32)
    given[jt.rank] = number
    return int(jt.array(given).mpi_all_reduce().numpy().max())


class _SyncBatchNorm(BatchNorm):
    # Jittor's own synchronised layer computes E[x²] − E[x]², which loses digits.
    def execute(self, inputs: Var) -> Var:
        if not self.is_training():
            return super().execute(inputs)
        mean = average(inputs).mpi_all_reduce("mean")
        variance = average((inputs - spread(mean, inputs)).sqr()).mpi_all_reduce("mean")
        count = jt.world_size * inputs.numel() // inputs.shape[1]
        correction = count / (count - 1) if self.unbiased_running_variance else 1.0
        self._move(self.running_mean, mean)
        self._move(self.running_var, variance * constant(correction, variance))
        return self._normalise(inputs, mean, variance)


def _gather(network: nn.Module, inputs: tuple[Var]) -> tuple[tuple[Var], dict[str, Var]]:
    """The numbers of the whole minibatch, whose moments the discriminator sees."""
    # Jittor has no all-gather: each process adds its numbers to the zeros of the others.
    (numbers,) = inputs
    place = np.eye(jt.world_size, dtype=str(numbers.dtype))[jt.rank]
    apart = jt.array(place.reshape(-1, 1, 1)) * numbers.unsqueeze(0)
    return (apart.mpi_all_reduce().reshape(-1, 1),), {}


def _abort() -> None:
    """End this process, and by that the others, without waiting for them."""
    # At exit Jittor waits in MPI_Finalize for the others, which may wait for this process.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)
