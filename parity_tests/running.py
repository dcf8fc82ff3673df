"""Small training runs for the tests."""

import json
from typing import Any

from common.backends import load
from common.data import load_dataset
from common.systems.options import apply_settings, with_options
from common.training.checkpoint import Checkpoint, read_checkpoint
from common.training.loop import train
from common.training.options import Run
from common.training.session import resume, start
from parity_tests.fixtures import reduced


def run_of(folder, system="lsgan_mlp", steps=4, dtype="float64", settings=(), **changes) -> Run:
    """A run of a reduced system on digits, batches of eight, saved every second step.

    `options` are options of the system, such as a learning rate.
    """
    reduced_system = apply_settings(reduced(system).system, [*settings, "batch_size=8"])
    arguments = {"data": "digits", "seed": 0, "sample_every": 100, "save_every": 2, **changes}
    return Run(
        system=with_options(reduced_system, arguments.pop("options", {})),
        steps=steps,
        out=folder,
        dtype=dtype,
        **arguments,
    )


def trained(run: Run, name: str, *, resuming: bool = False) -> Checkpoint:
    """The run's last checkpoint, once that backend has trained it."""
    backend = load(name, device="cpu", dtype=run.dtype, exact=True)
    dataset = load_dataset(run.data, run.system, run.seed)
    train((resume if resuming else start)(run, backend, dataset))
    return read_checkpoint(run.checkpoint_path)


def metrics_of(run: Run) -> list[dict[str, Any]]:
    """What the run measured, by step."""
    return [json.loads(line) for line in run.metrics_path.read_text().splitlines()]
