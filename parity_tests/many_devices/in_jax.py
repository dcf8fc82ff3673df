"""JAX on two devices: a batch as one sharded array, and split by hand."""

import os

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.sharding import Mesh, NamedSharding, PartitionSpec

jax.config.update("jax_enable_x64", True)
mesh = Mesh(np.array(jax.devices()), ("replica",))
split, everywhere = PartitionSpec("replica"), PartitionSpec()
batch = jax.device_put(np.load("batch.npy"), NamedSharding(mesh, split))
weight = jax.device_put(np.array([[1.0], [-2.0], [3.0]]), NamedSharding(mesh, everywhere))


def loss(weight, points):
    return ((points @ weight) ** 2).mean()


# Written for the whole batch; where its rows lie is the compiler's business.
gradient = jax.jit(jax.grad(loss))(weight, batch)
norm = nnx.BatchNorm(3, param_dtype=float, use_fast_variance=False, rngs=nnx.Rngs(0))
normalised = nnx.jit(lambda norm, points: norm(points))(norm, batch)


# Written for the rows of one device.
def replica(weight, points):
    mean, variance = points.mean(0), points.var(0)
    apart = (points - mean) / jnp.sqrt(variance + 1e-5)
    mean = jax.lax.pmean(mean, "replica")
    variance = jax.lax.pmean(((points - mean) ** 2).mean(0), "replica")
    synchronised = (points - mean) / jnp.sqrt(variance + 1e-5)
    return jax.grad(loss)(weight, points), apart, synchronised


places = {"in_specs": (everywhere, split), "out_specs": (everywhere, split, split)}
summed, apart, synchronised = jax.jit(jax.shard_map(replica, mesh=mesh, **places))(weight, batch)
np.savez(
    "results.npz",
    weight=weight,
    gradient=gradient,
    normalised=normalised,
    summed=summed,
    apart=apart,
    synchronised=synchronised,
    rows=[len(shard.data) for shard in batch.addressable_shards],
)
