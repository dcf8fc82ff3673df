"""Measure one system in one port: time compared with another loop's, memory, and data loading."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from common.backends import Backend
from common.bench.divergence import Divergence, divergence
from common.bench.operations import step_operations
from common.bench.timing import Work, time_in_turns
from common.contract.initialisers import initial_state
from common.data import load_dataset
from common.data.batches import step_inputs
from common.data.prefetch import AHEAD, Prefetcher
from common.streams.step_inputs import StepInputs
from common.systems import System

DATA = {None: "digits", 2: "8gaussians", 1: "gaussian"}  # by the system's point_dim
FIRST_STEP = 27  # wgan's first 25 steps are longer
INPUTS = 3  # step inputs that are made before the timing starts
FEWEST_STEPS = 8  # after the first, in the run that measures data loading
MEGABYTE = 2**20
SIDE = 2048  # of the matrices whose product tells the machine's rate


@dataclass(frozen=True)
class BenchResult:
    """What one system costs in one port."""

    system: str
    backend: str
    device: str
    precision: str  # "exact": float32, with TF32 where the framework has it; or "fast"
    batch_size: int
    ratio_low: float  # port over plain loop, or fast over float32: quartiles and median
    ratio: float
    ratio_high: float
    images_per_second: float
    other_images_per_second: float  # of the plain loop, or of the port in float32
    memory_of: str  # "process" on the CPU, "device" on a GPU
    peak_memory_mb: float | None  # before the other was built; None if unknown
    data_share: float  # share of the time, after the first step, spent waiting for data
    first_step_seconds: float  # with tracing and compiling, where the framework does
    gigaflops_per_step: float  # counted from the contract
    matmul_share: float  # of the rate of a large matrix product, measured in turns with the step
    divergence: Divergence | None  # of fast precision from float32


def measure(
    backend: Backend, system: System, *, device: str, precision: str, pairs: int, seconds: float
) -> BenchResult:
    """Time the system's step against the plain loop's, or in fast precision against float32.

    The inputs are made before the timing starts.
    """
    dataset = load_dataset(DATA[system.point_dim], system, 0)
    last = FIRST_STEP + INPUTS - 1
    inputs = list(step_inputs(system, dataset, 0, first_step=FIRST_STEP, last_step=last))
    gan = _build(backend, system, device, precision)
    ours, wait = _training(backend, gan, inputs), backend.device.synchronise
    began = perf_counter()
    ours(0)
    wait()
    first = perf_counter() - began
    memory = backend.device.peak_memory()
    far = None
    if precision == "fast":
        float32 = _build(backend, system, device, "exact")
        again = _build(backend, system, device, precision)
        far = divergence(backend, system, float32, again, inputs[0])
        other = _training(backend, float32, inputs)
    else:
        other = _plain_loop(backend, system, inputs)
    timed = time_in_turns(ours, other, pairs=pairs, seconds=seconds, wait=wait)
    low, middle, high = timed.ratios
    product = _matrix_product(backend)
    beside = time_in_turns(ours, product, pairs=max(3, pairs // 3), seconds=seconds, wait=wait)
    operations = step_operations(backend, system, gan, FIRST_STEP)
    share = _data_share(backend, system, gan, dataset, round(seconds / min(timed.ours)))
    return BenchResult(
        system=system.name,
        backend=backend.name,
        device=device,
        precision=precision,
        batch_size=system.batch_size,
        ratio_low=low,
        ratio=middle,
        ratio_high=high,
        images_per_second=_images(system) / sorted(timed.ours)[len(timed.ours) // 2],
        other_images_per_second=_images(system) / sorted(timed.plain)[len(timed.plain) // 2],
        memory_of="process" if device == "cpu" else "device",
        peak_memory_mb=None if memory is None else memory / MEGABYTE,
        data_share=share,
        first_step_seconds=first,
        gigaflops_per_step=operations / 1e9,
        matmul_share=operations / (2 * SIDE**3) / beside.ratios[1],
        divergence=far,
    )


def _build(backend: Backend, system: System, device: str, precision: str) -> Any:
    """The system with its initial weights; a port fixes the precision when it is built."""
    mixed = precision == "fast"
    backend.device.configure(device=device, dtype="float32", exact=False, mixed=mixed)
    return backend.gan.build(system, initial_state(system, 0))


def _training(backend: Backend, gan: Any, inputs: Sequence[StepInputs]) -> Work:
    def train(number: int) -> object:
        metrics = backend.schedule.training_step(gan, inputs[number % INPUTS])
        return backend.interop.to_canonical(metrics["loss_g"])

    return train


def _plain_loop(backend: Backend, system: System, inputs: Sequence[StepInputs]) -> Work:
    step = backend.plain.plain_step(system)
    return lambda number: backend.interop.to_canonical(step(inputs[number % INPUTS]))


def _matrix_product(backend: Backend) -> Work:
    """What multiplies two large matrices, whose rate is the most to be expected here."""
    matrix = np.random.default_rng(0).standard_normal((SIDE, SIDE))
    left, right = backend.interop.to_native(matrix), backend.interop.to_native(matrix)

    def product(number: int) -> object:
        return backend.interop.to_canonical(backend.probes.multiply(left, right)[:1, :1])

    return product


def _images(system: System) -> int:
    """The real samples used by one step."""
    return system.batch_size * system.schedule.discriminator_steps_at(FIRST_STEP)


def _data_share(backend: Backend, system: System, gan: Any, dataset: Any, steps: int) -> float:
    source = step_inputs(
        system, dataset, 1, first_step=FIRST_STEP, last_step=FIRST_STEP + max(steps, FEWEST_STEPS)
    )
    with Prefetcher(source, ahead=AHEAD) as ahead:
        steps_run = (backend.schedule.training_step(gan, inputs) for inputs in ahead)
        losses = (backend.interop.to_canonical(metrics["loss_g"]) for metrics in steps_run)
        next(losses)  # nothing is prefetched before the first
        began, before = perf_counter(), ahead.waited
        deque(losses, maxlen=0)
        return (ahead.waited - before) / (perf_counter() - began)
