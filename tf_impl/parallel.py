"""Several devices: each computes its shards of the batch, and all make the same updates."""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from math import prod
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from common import UsageError
from common.streams.shards import Shards
from common.streams.step_inputs import Masks
from tf_impl.device import grow_memory
from tf_impl.interop import native_values, to_native
from tf_impl.layers import BatchNorm
from tf_impl.models.gan_moments import Discriminator as MomentsDiscriminator

_strategy: tf.distribute.Strategy | None = None
_shards = Shards()


def connect(device: str, devices: int) -> None:
    """Join the processes that train together; do so before the device is chosen.

    One process computes on every device of its host, unless TF_CONFIG names the processes of a
    cluster.

    Args:
        device: "cpu" or "cuda".
        devices: how many devices share each batch, on all hosts together.

    Raises:
        UsageError: the launcher started another number of processes, or there are fewer devices.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if devices == 1 or (device == "cuda" and not gpus):
        return  # the choice of the device says what is missing
    grow_memory()  # which has to precede the strategy, as that starts the runtime
    global _strategy, _shards
    if os.environ.get("TF_CONFIG"):
        _strategy = _cluster(device, devices)
    else:
        _strategy = _host(device, devices, len(gpus))
    ids = _strategy.experimental_distribute_values_from_function(_replica_id)
    own = _strategy.experimental_local_results(ids)
    _shards = Shards(first=own[0], own=len(own), total=devices)


def disconnect() -> None:
    """Leave the other processes, at the end."""
    global _strategy, _shards
    _strategy, _shards = None, Shards()


def shards() -> Shards:
    """The shards of every batch that this process computes."""
    return _shards


def replicate(network: keras.Model) -> keras.Model:
    """The network with gradients and batch statistics of the whole batch, on every device."""
    # `scope` has mirrored the parameters; optimisers sum the gradients.
    for layer in network._flatten_layers():
        # The statistics are the only thing that differs, so variables stay.
        layer.__class__ = _SYNCHRONISED.get(type(layer), type(layer))
    return network


def averaged(metrics: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """The metrics of the whole batch, from those of each process's shards."""
    # A step has summed them over all replicas.
    return dict(metrics)


def agree(number: int) -> int:
    """The largest of the numbers that the processes give."""
    if _strategy is None or _shards.own == _shards.total:
        return number
    given = _strategy.experimental_distribute_values_from_function(
        lambda context: _among_zeros(tf.constant(number, tf.int64), _replica_id(context))
    )
    return int(_strategy.reduce("SUM", given, axis=None).numpy().max())


def shard(array: np.ndarray) -> Any:
    """A canonical array as `to_native` makes it; with several devices, each one's part of it."""
    if _strategy is None:
        return to_native(array)
    parts = np.split(native_values(array), _shards.own)

    def part(context: tf.distribute.experimental.ValueContext) -> tf.Tensor:
        index = context.replica_id_in_sync_group - _shards.first
        with tf.device(_strategy.extended.worker_devices[index]):
            return tf.constant(parts[index])

    return _strategy.experimental_distribute_values_from_function(part)


def shard_masks(**masks: Masks) -> dict[str, list[Any]]:
    """Dropout masks as `native_masks` gives them, each as `shard` does."""
    return {name: [shard(mask) for mask in each] for name, each in masks.items() if each}


def scope() -> AbstractContextManager[Any]:
    """Where variables are made that every device has: networks and optimisers."""
    return nullcontext() if _strategy is None else _strategy.scope()


def _host(device: str, devices: int, gpus: int) -> tf.distribute.Strategy:
    if device == "cpu":
        (cpu,) = tf.config.list_physical_devices("CPU")
        each = [tf.config.LogicalDeviceConfiguration()] * devices
        tf.config.set_logical_device_configuration(cpu, each)
    elif gpus < devices:
        raise UsageError(f"{devices} devices need as many GPUs on this host; it has {gpus}")
    kind = "CPU" if device == "cpu" else "GPU"
    return tf.distribute.MirroredStrategy([f"/{kind}:{index}" for index in range(devices)])


def _cluster(device: str, devices: int) -> tf.distribute.Strategy:
    if device == "cpu":
        tf.config.set_visible_devices([], "GPU")
    try:
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
    except (KeyError, ValueError) as error:
        raise UsageError(f"TF_CONFIG does not describe a cluster and this task: {error}") from None
    if strategy.num_replicas_in_sync != devices:
        raise UsageError(
            f"TF_CONFIG's processes have {strategy.num_replicas_in_sync} devices together, "
            f"not {devices}; change it, or --devices"
        )
    return strategy


def _replica_id(context: tf.distribute.experimental.ValueContext) -> int:
    return context.replica_id_in_sync_group


class _SyncBatchNorm(BatchNorm):
    # Keras' own treats the mean as constant in the variance: second derivatives are wrong.
    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        if not training:
            return super().call(inputs)
        axes = list(range(len(inputs.shape) - 1))
        mean = _mean(tf.reduce_mean(inputs, axes))
        centred = inputs - mean
        variance = _mean(tf.reduce_mean(tf.square(centred), axes))
        count = shards().total * prod(inputs.shape[:-1])
        target = variance * (count / (count - 1)) if self.unbiased_running_variance else variance
        # Every replica moves its own copy, by the same numbers.
        self.moving_mean.assign_add(self.momentum * (mean - self.moving_mean))
        self.moving_variance.assign_add(self.momentum * (target - self.moving_variance))
        return self._rescale(centred, variance)


class _GatheringDiscriminator(MomentsDiscriminator):
    """The discriminator that sees the moments of the whole minibatch."""

    def call(self, numbers: tf.Tensor, training: bool = False) -> tf.Tensor:
        replica = tf.distribute.get_replica_context()
        placed = _among_zeros(numbers, replica.replica_id_in_sync_group)
        return super().call(tf.reshape(replica.all_reduce("sum", placed), (-1, 1)))


_SYNCHRONISED = {BatchNorm: _SyncBatchNorm, MomentsDiscriminator: _GatheringDiscriminator}


def _mean(shard: tf.Tensor) -> tf.Tensor:
    """The mean of one tensor per replica, differentiable as often as wanted."""
    return tf.distribute.get_replica_context().all_reduce("mean", shard)


def _among_zeros(values: tf.Tensor, replica: int) -> tf.Tensor:
    """As many tensors as there are replicas, zeros but for one's own, to be summed."""
    # Several processes can gather in compiled functions alone, but add in eager ones too.
    return tf.tensordot(tf.one_hot(replica, _shards.total, dtype=values.dtype), values, axes=0)
