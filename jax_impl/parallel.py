"""Several devices: each computes its shards of the batch, and all make the same updates."""

import atexit
import os
import sys
from collections.abc import Callable, Mapping
from functools import cache

import jax
import numpy as np
from flax import nnx
from jax.sharding import AxisType, Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

from common import UsageError
from common.streams.shards import Shards

HEARTBEAT = 30  # seconds without a sign of life from another host
_asked = ("cpu", 1)


def connect(device: str, devices: int) -> None:
    """Join the processes that train together; do so before the device is chosen.

    One process computes on all devices of its host: processes meet if JAX_COORDINATOR_ADDRESS
    names where, or if a cluster started them that JAX knows, such as Slurm or Open MPI. On CPUs
    each of these has one device, or as many as JAX_NUM_CPU_DEVICES says.

    Args:
        device: "cpu" or "cuda".
        devices: how many devices share each batch, on all hosts together.

    Raises:
        UsageError: the processes cannot meet. JAX's devices start only once they are chosen; too
            few of them are then an error.
    """
    global _asked
    _asked = (device, devices)
    _mesh.cache_clear()
    if devices > 1 and not _met() and device == "cpu":
        jax.config.update("jax_num_cpu_devices", devices)


def disconnect() -> None:
    """Leave the other processes, at the end."""
    # After an error the others may never come to the end, for which a shutdown would wait.
    if jax.distributed.is_initialized() and sys.exc_info()[0] is None:
        atexit.unregister(_abort)
        jax.distributed.shutdown()


def shards() -> Shards:
    """The shards of every batch that this process computes."""
    if _asked[1] == 1:
        return Shards()
    everywhere, here = [*_mesh().devices.flat], _mesh().local_devices
    first = min(map(everywhere.index, here))
    return Shards(first, own=len(here), total=len(everywhere), joined=True)


def replicate(network: nnx.Pytree) -> nnx.Pytree:
    """The network with gradients and batch statistics of the whole batch, on every device.

    Compiled functions compute on whole arrays wherever they lie, so that is a matter of where the
    tensors are; those of an optimiser too.
    """
    if _asked[1] > 1:
        nnx.update(network, jax.tree.map(_everywhere, nnx.state(network)))
    return network


def averaged(metrics: Mapping[str, jax.Array]) -> dict[str, jax.Array]:
    """The metrics of the whole batch, from those of each process's shards."""
    return dict(metrics)


def agree(number: int) -> int:
    """The largest of the numbers that the processes give."""
    if _asked[1] == 1:
        return number
    return int(spread(jax.numpy.array, np.full(shards().own, number)).max())


def spread(native: Callable[[np.ndarray], jax.Array], part: np.ndarray) -> jax.Array:
    """One tensor whose first axis is laid over the devices, from this process's part of it."""
    if _asked[1] == 1:
        return native(part)
    here, pieces = _mesh().local_devices, []
    for device, piece in zip(here, np.split(part, len(here)), strict=True):
        with jax.default_device(device):
            pieces.append(native(piece))
    rows, *others = pieces[0].shape
    shape, sharding = (rows * _mesh().size, *others), NamedSharding(_mesh(), P("batch"))
    return jax.make_array_from_single_device_arrays(shape, sharding, pieces)


def local_copy(network: nnx.Module) -> nnx.Module:
    """This process's copy of the network, for computing without the others, or the network."""
    if _asked[1] == 1:
        return network
    graph, state = nnx.split(network)
    return nnx.merge(graph, jax.tree.map(lambda tensor: tensor.addressable_data(0), state))


def local_device(device: str) -> jax.Device:
    """This process's device for what is not laid over several.

    Raises:
        UsageError: there are fewer devices than were asked for, or more in other processes.
    """
    return jax.devices(device)[0] if _asked[1] == 1 else _mesh().local_devices[0]


def _met() -> bool:
    """Whether a launcher started this process, which then has met the other ones."""
    if jax.distributed.is_initialized():
        return True
    address = os.environ.get("JAX_COORDINATOR_ADDRESS")
    try:
        # JAX 0.7 itself reads only the address.
        processes, own = _number("JAX_NUM_PROCESSES"), _number("JAX_PROCESS_ID")
        jax.distributed.initialize(
            address,
            num_processes=processes,
            process_id=own,
            heartbeat_timeout_seconds=HEARTBEAT,
        )
        atexit.register(_abort)
    except RuntimeError as error:
        raise UsageError(f"the processes cannot meet: {str(error).splitlines()[0]}") from None
    except (LookupError, ValueError):  # for Slurm without srun, a KeyError
        if address is None:
            return False
        raise UsageError(
            f"the processes cannot meet: JAX_COORDINATOR_ADDRESS={address} must be host:port, "
            "and JAX_NUM_PROCESSES and JAX_PROCESS_ID (from 0 on) be set too"
        ) from None
    return True


def _abort() -> None:
    """End this process without waiting for the others, as JAX does at exit."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)


def _number(variable: str) -> int | None:
    value = os.environ.get(variable)
    return None if value is None else int(value)


@cache
def _mesh() -> Mesh:
    device, devices = _asked
    found = sorted(jax.devices(device), key=lambda each: (each.process_index, each.id))
    processes = len({each.process_index for each in found})
    if len(found) < devices or (processes > 1 and len(found) > devices):
        raise UsageError(
            f"{devices} devices were asked for, and JAX found {len(found)} ({device}; processes: "
            f"{processes}); use --devices {len(found)}, or start another number of processes"
        )
    return Mesh(np.array(found[:devices]), ("batch",), axis_types=(AxisType.Auto,))


def _everywhere(tensor: jax.Array) -> jax.Array:
    sharding = NamedSharding(_mesh(), P())
    if tensor.sharding == sharding:
        return tensor
    values = np.asarray(tensor)
    return jax.make_array_from_callback(values.shape, sharding, values.__getitem__)
