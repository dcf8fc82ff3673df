"""Carry out `rosetta train` and `rosetta sample`, after their options were checked."""

from pathlib import Path

import typer
from rich.console import Console

from common import UsageError
from common.backends import PRECISIONS, Backend
from common.backends.libraries import require
from common.cli.loading import load_backend
from common.data import Dataset
from common.drawing.pictures import Layout, save_samples
from common.training.checkpoint import read_checkpoint, restore, sampling_network
from common.training.events import can_be_written
from common.training.interrupts import Stopped
from common.training.loop import train
from common.training.options import Run
from common.training.pictures import grid_noise, sample
from common.training.segments import makers
from common.training.session import Session, resume, start


def train_run(
    run: Run,
    dataset: Dataset,
    backend: str,
    *,
    device: str,
    devices: int,
    precision: str,
    compiled: bool | None,
    resuming: bool,
) -> None:
    """Train, and print where the files are; a run that is stopped saves a checkpoint first.

    Raises:
        UsageError: the backend or a library is missing, or the folder cannot be used.
    """
    if run.evaluate_every:
        require("--evaluate-every", ("scipy", "sklearn"))
    loaded = load_backend(
        backend,
        device=device,
        devices=devices,
        dtype=run.dtype,
        compiled=compiled,
        **PRECISIONS[precision],
    )
    try:
        _train(run, loaded, dataset, resuming=resuming)
    finally:
        loaded.parallel.disconnect()


def _train(run: Run, loaded: Backend, dataset: Dataset, *, resuming: bool) -> None:
    session = (resume if resuming else start)(run, loaded, dataset)
    console = Console(quiet=not session.writes)
    if session.first_step > run.steps:
        console.print(f"{run.out} is already at step {session.first_step - 1}; nothing to do")
        return
    if resuming:
        made = f", made by {makers(session.segments)}" if session.segments else ""
        console.print(f"{run.out}: continuing from step {session.first_step - 1}{made}")
    events = _events_folder()
    try:
        waited = train(session)
    except Stopped as stopped:
        console.print(f"{run.out}: {stopped}, saved; continue with --resume")
        raise typer.Exit(stopped.exit_status) from None
    except Exception as error:
        raise _in_words(error, session) from None
    console.print(
        f"{run.out}: step {run.steps}; metrics.jsonl, losses.png, training.gif, samples/, "
        f"{events}checkpoint.safetensors; waited for data {waited:.1%} of the time"
    )


def _in_words(error: Exception, session: Session) -> Exception:
    """What a user can do about an error; the error itself, if nothing is known."""
    run = session.run
    if isinstance(error, UsageError):
        return error
    if isinstance(error, ValueError) and "value per channel" in str(error):
        return UsageError(
            f"a batch norm got one value per channel, which has no variance; use a larger "
            f"--batch-size than {run.system.batch_size}, or larger images"
        )
    if session.shards.own == session.shards.total:
        return error
    text = " ".join(str(error).split())
    return UsageError(
        f"{run.out}: stopped, because another process of this run has ended, or because of "
        f"{type(error).__name__}: {text[:200]}; the last checkpoint is unchanged: continue with "
        "--resume"
    )


def draw_samples(
    path: Path,
    backend: str,
    out: Path,
    *,
    device: str,
    seed: int | None,
    averaged: bool,
    count: int | None,
    layout: Layout,
) -> None:
    """Save samples of a checkpoint as a picture, and print how many.

    Raises:
        UsageError: the checkpoint cannot be read, the backend is missing, or `out` is not writable.
    """
    checkpoint = read_checkpoint(path)
    loaded = load_backend(backend, device=device, dtype=checkpoint.dtype, exact=False)
    noise = grid_noise(checkpoint.system, checkpoint.seed if seed is None else seed, count)
    gan, average = restore(loaded, checkpoint)
    network = sampling_network(gan, average if averaged else None)
    save_samples(out, sample(loaded, network, noise), checkpoint.system, layout=layout)
    Console().print(
        f"{out}: {len(noise)} samples of {checkpoint.system.name} at step {checkpoint.step}"
    )


def _events_folder() -> str:
    """The folder of TensorBoard events, "" with a warning if tensorboardX is not installed."""
    if can_be_written():
        return "tensorboard/, "
    words = "training without TensorBoard events: tensorboardX is not installed here"
    Console(stderr=True).print(f"{words}; pip install tensorboardX", soft_wrap=True)
    return ""
