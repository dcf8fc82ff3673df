"""PyTorch on two processes: a batch split in halves."""

import os

import numpy as np
import torch
import torch.distributed as dist
import torch.multiprocessing as multiprocessing
from torch import nn
from torch.nn.parallel import DistributedDataParallel


def replica(rank: int) -> None:
    meeting = f"file://{os.path.abspath('meeting')}"
    dist.init_process_group("gloo", init_method=meeting, rank=rank, world_size=2)
    half = torch.tensor(np.load("batch.npy")).chunk(2)[rank]

    torch.manual_seed(rank)  # two different weights; wrapping gives both processes those of rank 0
    linear = DistributedDataParallel(nn.Linear(3, 1, bias=False, dtype=torch.float64))
    value = linear(half).square().mean() + linear(2 * half).square().mean()
    value.backward()  # two passes, as of real and fake; one reduction
    (own,) = torch.autograd.grad(linear(half).square().mean(), linear.module.weight)

    norm = DistributedDataParallel(nn.BatchNorm1d(3, dtype=torch.float64))
    normalised = norm(half)
    norm(half)  # each forward pass begins with the running statistics of rank 0
    np.savez(
        f"results{rank}.npz",
        weight=linear.module.weight.detach(),
        gradient=linear.module.weight.grad,
        own_gradient=own,
        normalised=normalised.detach(),
        running_mean=norm.module.running_mean,
    )
    dist.destroy_process_group()


if __name__ == "__main__":
    multiprocessing.spawn(replica, nprocs=2)
