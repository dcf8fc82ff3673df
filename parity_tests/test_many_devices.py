"""One batch over two devices: who averages the gradients, whose statistics batch norm takes.

Each framework in a process of its own, on two replicas of this machine's CPU. Jittor needs MPI for
it, which is not installed here.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from parity_tests.differing import apart, close

PYTORCH = """\
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
        f"found{rank}.npz",
        weight=linear.module.weight.detach(),
        gradient=linear.module.weight.grad,
        own_gradient=own,
        normalised=normalised.detach(),
        running_mean=norm.module.running_mean,
    )
    dist.destroy_process_group()


if __name__ == "__main__":
    multiprocessing.spawn(replica, nprocs=2)
"""

TENSORFLOW = """\
import keras
import numpy as np
import tensorflow as tf

(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
keras.config.set_floatx("float64")
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
halves = np.split(np.load("batch.npy"), 2)

with strategy.scope():
    linear = keras.layers.Dense(1, use_bias=False)
    norm = keras.layers.BatchNormalization(epsilon=1e-5)
    synchronised = keras.layers.BatchNormalization(epsilon=1e-5, synchronized=True)
    for layer in (linear, norm, synchronised):
        layer.build((None, 3))
    optimiser = keras.optimizers.SGD(1.0)
    optimiser.build([linear.kernel])
before = linear.kernel.numpy()


def replica(half):
    with tf.GradientTape() as tape:
        value = tf.reduce_mean(linear(half) ** 2)
    gradient = tape.gradient(value, linear.kernel)
    optimiser.apply([gradient], [linear.kernel])
    return gradient, norm(half, training=True), synchronised(half, training=True)


@tf.function
def step(half):
    return strategy.run(replica, (half,))


half = strategy.experimental_distribute_values_from_function(
    lambda context: tf.constant(halves[context.replica_id_in_sync_group])
)
gradient, normalised, together = step(half)
each = strategy.experimental_local_results
np.savez(
    "found.npz",
    weight=before,
    gradient=strategy.reduce("MEAN", gradient, axis=None),
    update=before - linear.kernel.numpy(),
    normalised=np.concatenate(each(normalised)),
    synchronised=np.concatenate(each(together)),
    moving_means=[mean.numpy() for mean in each(norm.moving_mean.value)],
    moving_mean=norm.moving_mean.numpy(),
)
"""

JAX = """\
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
    "found.npz",
    weight=weight,
    gradient=gradient,
    normalised=normalised,
    summed=summed,
    apart=apart,
    synchronised=synchronised,
    rows=[len(shard.data) for shard in batch.addressable_shards],
)
"""

BATCH = np.random.default_rng(0).standard_normal((8, 3))
HALVES = np.split(BATCH, 2)


@pytest.fixture(autouse=True)
def needs(request, need) -> None:
    """The framework is wanted; only the script's own process imports it."""
    if marker := request.node.get_closest_marker("pins"):
        need(*marker.args)


def two_devices() -> dict[str, str]:
    """The environment of a script, which makes both its devices of the CPU on every machine."""
    # The flags and the cache of these tests are for one device.
    kept = {k: text for k, text in os.environ.items() if not k.startswith(("JAX_", "XLA_"))}
    cpu = {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}
    return {**kept, **cpu, "GLOO_SOCKET_IFNAME": "lo", "KERAS_BACKEND": "tensorflow"}


def run(script: str, folder: Path) -> None:
    """The script in a fresh process, beside `batch.npy`; it leaves what it found there too."""
    np.save(folder / "batch.npy", BATCH)
    (folder / "script.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=folder,
        env=two_devices(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def gradient_at(weight: np.ndarray, points: np.ndarray = BATCH) -> np.ndarray:
    """Of the mean of (points · weight)²; the weight is a column."""
    return 2 * points.T @ (points @ weight) / len(points)


def normalised(points: np.ndarray) -> np.ndarray:
    return (points - points.mean(0)) / np.sqrt(points.var(0) + 1e-5)


BY_HALVES = np.concatenate([normalised(half) for half in HALVES])


@pytest.mark.pins("torch")
def test_pytorch_averages_gradients_and_normalises_each_half(tmp_path) -> None:
    run(PYTORCH, tmp_path)
    ranks = [np.load(tmp_path / f"found{rank}.npz") for rank in (0, 1)]
    for found, half in zip(ranks, HALVES, strict=True):
        close(found["weight"], ranks[0]["weight"], what="weight")
        close(found["gradient"].T, 5 * gradient_at(found["weight"].T), what="gradient")
        close(
            found["own_gradient"].T, gradient_at(found["weight"].T, half), what="gradient of a half"
        )
    apart(ranks[0]["own_gradient"], ranks[1]["own_gradient"])
    found = np.concatenate([rank["normalised"] for rank in ranks])
    close(found, BY_HALVES, what="normalised")
    apart(found, normalised(BATCH))
    first, second = (half.mean(0) for half in HALVES)
    close(ranks[1]["running_mean"], 0.09 * first + 0.1 * second, what="running mean")


@pytest.mark.pins("tf")
def test_mirrored_strategy_leaves_averaging_to_the_loss(tmp_path) -> None:
    run(TENSORFLOW, tmp_path)
    found = np.load(tmp_path / "found.npz")
    truth = gradient_at(found["weight"])
    close(found["gradient"], truth, what="gradient")
    close(found["update"], 2 * truth, what="update by a Keras optimiser")
    close(found["normalised"], BY_HALVES, what="normalised")
    apart(found["normalised"], normalised(BATCH))
    close(found["synchronised"], normalised(BATCH), what="synchronised")
    for mean, half in zip(found["moving_means"], HALVES, strict=True):
        close(mean, 0.01 * half.mean(0), what="moving mean of one replica")
    close(found["moving_mean"], found["moving_means"][0], what="moving mean as it is read")


@pytest.mark.pins("jax")
def test_jax_computes_on_the_whole_batch_wherever_it_lies(tmp_path) -> None:
    run(JAX, tmp_path)
    found = np.load(tmp_path / "found.npz")
    assert found["rows"].tolist() == [4, 4]
    truth = gradient_at(found["weight"])
    close(found["gradient"], truth, what="gradient")
    close(found["normalised"], normalised(BATCH), what="normalised")
    apart(found["normalised"], BY_HALVES)
    close(found["summed"], 2 * truth, what="gradient within shard_map")
    close(found["apart"], BY_HALVES, what="normalised within shard_map")
    close(found["synchronised"], normalised(BATCH), what="normalised by means over the mesh")


def test_both_devices_are_the_cpu_s_on_a_machine_with_a_card(monkeypatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setenv("JAX_PLATFORMS", "cuda")
    monkeypatch.setenv("XLA_FLAGS", "--xla_backend_optimization_level=1")
    variables = two_devices()
    assert variables["CUDA_VISIBLE_DEVICES"] == ""
    assert variables["JAX_PLATFORMS"] == "cpu"
    assert "XLA_FLAGS" not in variables
