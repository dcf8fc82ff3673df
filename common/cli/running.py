"""What `rosetta train` and `rosetta sample` do once their options are known to make sense."""

from pathlib import Path

import typer
from rich.console import Console

from common.backends import load
from common.data import Dataset
from common.drawing.pictures import save_samples
from common.setup.libraries import require
from common.training.checkpoint import drawing_network, read_checkpoint, restore
from common.training.events import can_be_written
from common.training.interrupts import Stopped
from common.training.loop import train
from common.training.options import Run
from common.training.pictures import grid_noise, sample
from common.training.session import resume, start


def train_run(
    run: Run,
    dataset: Dataset,
    backend: str,
    *,
    device: str,
    compiled: bool | None,
    resuming: bool,
) -> None:
    """Train and say where everything lies; a run that was stopped is saved, and says so.

    Raises:
        UsageError: the backend or a library is missing, or the folder cannot be used.
    """
    if run.evaluate_every:
        require("--evaluate-every", ("scipy", "sklearn"))
    loaded = load(backend, device=device, dtype=run.dtype, exact=False, compiled=compiled)
    events = _events_told()
    session = (resume if resuming else start)(run, loaded, dataset)
    if session.first_step > run.steps:
        Console().print(f"{run.out} is at step {session.first_step - 1} already; nothing to do")
        return
    try:
        waited = train(session)
    except Stopped as stopped:
        Console().print(f"{run.out}: {stopped}, saved; go on with --resume")
        raise typer.Exit(stopped.exit_status) from None
    Console().print(
        f"{run.out}: step {run.steps}; metrics.jsonl, losses.png, training.gif, samples/, "
        f"{events}checkpoint.safetensors; waited for data {waited:.1%} of the time"
    )


def draw_samples(
    checkpoint: Path, backend: str, out: Path, *, device: str, seed: int | None, averaged: bool
) -> None:
    """Draw the samples of a checkpoint and say how many they are.

    Raises:
        UsageError: the checkpoint cannot be read, the backend is missing, or `out` not writable.
    """
    found = read_checkpoint(checkpoint)
    loaded = load(backend, device=device, dtype=found.dtype, exact=False)
    noise = grid_noise(found.system, found.seed if seed is None else seed)
    gan, average = restore(loaded, found)
    network = drawing_network(gan, average if averaged else None)
    save_samples(out, sample(loaded, network, noise), found.system)
    Console().print(f"{out}: {len(noise)} samples of {found.system.name} at step {found.step}")


def _events_told() -> str:
    """Where the run's events lie; where there will be none, a line says so."""
    if can_be_written():
        return "tensorboard/, "
    words = "training without TensorBoard events: tensorboardX is not installed here"
    Console(stderr=True).print(f"{words}; pip install tensorboardX", soft_wrap=True)
    return ""
