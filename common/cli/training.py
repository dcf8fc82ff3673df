"""`rosetta train` and `rosetta sample`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from common.backends import check_backend, load
from common.catalogue import find_system
from common.checkpoint import read_checkpoint, restore
from common.cli.application import (
    BackendName,
    Device,
    Dtype,
    OutFile,
    Seed,
    Settings,
    SystemName,
    app,
    check_device,
    check_dtype,
)
from common.datasets import load_dataset
from common.errors import UsageError
from common.pictures import save_samples
from common.settings import apply_settings, validate
from common.training import Run, grid_noise, resume, start
from common.training import train as run_training

DATA_HELP = (
    "Images: digits, photos or noise. Points, for wgan_gp_toy: 8gaussians, 25gaussians or "
    "swissroll. Numbers, for gan_moments: gaussian."
)


@app.command()
def train(
    backend: BackendName,
    system: SystemName,
    steps: Annotated[int, typer.Option(min=1, help="Train up to this step.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the run.")],
    data: Annotated[str, typer.Option(help=DATA_HELP)] = "digits",
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Samples an update; the row's own if left out.")
    ] = None,
    settings: Settings = None,
    device: Device = "cpu",
    dtype: Dtype = "float32",
    seed: Seed = 0,
    sample_every: Annotated[int, typer.Option(min=1, help="Steps between sample grids.")] = 200,
    save_every: Annotated[int, typer.Option(min=1, help="Steps between checkpoints.")] = 200,
    resuming: Annotated[
        bool, typer.Option("--resume", help="Go on from DIR's checkpoint, of any backend.")
    ] = False,
) -> None:
    """Train a system and watch it: metrics.jsonl, sample grids, a loss plot and a checkpoint.

    The same seed gives every backend the same weights, batches and noise.
    """
    row = apply_settings(find_system(system), settings or ())
    if batch_size is not None:
        row = validate(replace(row, batch_size=batch_size))
    check_backend(backend)
    run = Run(
        system=row,
        data=data,
        steps=steps,
        out=out,
        seed=seed,
        dtype=check_dtype(dtype),
        sample_every=sample_every,
        save_every=save_every,
    )
    check_device(device)
    if load_dataset(data, row, seed).size < row.batch_size:
        raise UsageError(
            f"{data} has fewer samples than a batch of {row.batch_size}; use a smaller --batch-size"
        )
    loaded = load(backend, device=device, dtype=dtype, exact=False)
    gan, first_step = (resume if resuming else start)(run, loaded)
    if first_step > steps:
        Console().print(f"{out} is at step {first_step - 1} already; nothing to do")
        return
    run_training(run, loaded, gan, first_step)
    Console().print(f"{out}: metrics.jsonl, losses.png, samples/, checkpoint.safetensors")


@app.command()
def sample(
    checkpoint: Annotated[Path, typer.Argument(help="A checkpoint of any backend.")],
    backend: BackendName,
    out: OutFile,
    device: Device = "cpu",
    seed: Annotated[
        int | None, typer.Option(help="Seed of the noise; the run's own grid if left out.")
    ] = None,
) -> None:
    """Draw images from a checkpoint, made in any backend, with any backend."""
    check_backend(backend)
    check_device(device)
    found = read_checkpoint(checkpoint)
    loaded = load(backend, device=device, dtype=found.dtype, exact=False)
    noise = grid_noise(found.system, found.seed if seed is None else seed)
    drawn = loaded.train.sample(restore(loaded, found).generator, noise)
    save_samples(out, drawn, found.system)
    Console().print(f"{out}: {len(noise)} samples of {found.system.name} at step {found.step}")
