"""Several devices: each computes its shards of the batch, and all make the same updates."""

import os
import sys
import warnings
from collections.abc import Mapping
from inspect import signature
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from common import UsageError
from common.streams.shards import Shards
from torch_impl.layers import BatchNorm
from torch_impl.models.gan_moments import Discriminator as MomentsDiscriminator

# Buffers are equal already; by default each forward pass would overwrite them with rank 0's. The
# option was renamed in PyTorch 2.13.
_NAMES = {"forward_sync_buffers", "broadcast_buffers"} & {
    *signature(DistributedDataParallel).parameters
}
_OPTIONS: dict[str, Any] = {max(_NAMES): False}


def connect(device: str, devices: int) -> None:
    """Join the processes that train together; do so before the device is chosen.

    Args:
        device: "cpu" or "cuda".
        devices: how many devices share each batch, on all hosts together.

    Raises:
        UsageError: the launcher started another number of processes, or there are fewer devices.
    """
    if devices == 1:
        return
    started = int(os.environ.get("WORLD_SIZE", "1"))
    if started != devices:
        raise UsageError(f"{devices} devices need as many processes; torchrun started {started}")
    if device == "cuda":
        here, found = int(os.environ["LOCAL_WORLD_SIZE"]), torch.cuda.device_count()
        if found < here:
            raise UsageError(f"{here} processes on this host need as many GPUs; it has {found}")
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if device == "cuda" else "gloo")


def disconnect() -> None:
    """Leave the other processes, at the end."""
    if not dist.is_initialized():
        return
    # None closes its connections while another still reads; after an error nobody may come.
    if sys.exc_info()[0] is None:
        dist.barrier()
    dist.destroy_process_group()


def shards() -> Shards:
    """The shards of every batch that this process computes."""
    if not dist.is_initialized():
        return Shards()
    return Shards(first=dist.get_rank(), total=dist.get_world_size())


def replicate(network: nn.Module) -> nn.Module:
    """The network with gradients and batch statistics of the whole batch, on every device."""
    for module in list(network.modules()):
        if isinstance(module, BatchNorm):
            # The statistics are the only thing that differs, so parameters and buffers stay.
            module.__class__ = _SyncBatchNorm
    if isinstance(network, MomentsDiscriminator):
        network.register_forward_pre_hook(_gather)
    # A kernel with one channel has two descriptions of the same strides.
    warnings.filterwarnings("ignore", message="Grad strides do not match bucket view strides")
    return DistributedDataParallel(network, **_OPTIONS)


def averaged(metrics: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The metrics of the whole batch, from those of each process's shards."""
    if not dist.is_initialized():
        return dict(metrics)
    stacked = torch.stack([*metrics.values()])
    dist.all_reduce(stacked)
    return dict(zip(metrics, stacked / dist.get_world_size(), strict=True))


def agree(number: int) -> int:
    """The largest of the numbers that the processes give."""
    if not dist.is_initialized():
        return number
    given = torch.tensor(number, device="cuda" if dist.get_backend() == "nccl" else "cpu")
    dist.all_reduce(given, dist.ReduceOp.MAX)
    return int(given)


class _SyncBatchNorm(BatchNorm):
    # nn.SyncBatchNorm refuses tensors on a CPU, and its gradient cannot be differentiated.
    def forward(self, inputs: Tensor) -> Tensor:
        if not self.training:
            return super().forward(inputs)
        axes = [0, *range(2, inputs.ndim)]
        # Statistics of bfloat16 maps are those of float32, as in PyTorch's own kernel.
        maps = inputs.to(self.weight.dtype)
        mean = _mean(maps.mean(axes, keepdim=True))
        centred = maps - mean
        variance = _mean(centred.square().mean(axes, keepdim=True))
        count = dist.get_world_size() * inputs.numel() // inputs.shape[1]
        target = variance * (count / (count - 1)) if self.unbiased_running_variance else variance
        self.running_mean.lerp_(mean.detach().flatten(), self.momentum)
        self.running_var.lerp_(target.detach().flatten(), self.momentum)
        scale = self.weight.view_as(mean) / (variance + self.epsilon).sqrt()
        return (centred * scale + self.bias.view_as(mean)).to(inputs.dtype)


class _AllReduce(torch.autograd.Function):
    # torch.distributed's own does not record a gradient, and torch.distributed.nn is deprecated.
    @staticmethod
    def forward(context: Any, shard: Tensor) -> Tensor:
        total = shard.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        total: Tensor = _AllReduce.apply(gradient)
        return total


def _mean(shard: Tensor) -> Tensor:
    """The mean of one tensor per process, differentiable as often as wanted."""
    total: Tensor = _AllReduce.apply(shard)
    return total / dist.get_world_size()


def _gather(network: nn.Module, inputs: tuple[Tensor]) -> Tensor:
    """The numbers of the whole minibatch, whose moments the discriminator sees."""
    (numbers,) = inputs
    each = [torch.zeros_like(numbers)] * dist.get_world_size()
    each[dist.get_rank()] = numbers
    whole: Tensor = _AllReduce.apply(torch.cat(each))
    return whole
