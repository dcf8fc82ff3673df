"""`rosetta sample`."""

from pathlib import Path
from typing import Annotated

import typer

from common import UsageError
from common.backends import check_backend
from common.cli.application import (
    BackendName,
    Device,
    OutFile,
    app,
    check_checkpoint,
    check_device,
)


@app.command()
def sample(
    path: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run's folder, or one of its checkpoints.")
    ],
    backend: BackendName,
    out: OutFile,
    device: Device = "cpu",
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Seed of the noise; default: the run's own.")
    ] = None,
    count: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Samples; default: 25 images, or 1,000 points."),
    ] = None,
    columns: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Images in a row; default: as many as rows."),
    ] = None,
    scale: Annotated[
        int,
        typer.Option(min=1, max=64, metavar="N", help="Size of a pixel of an image, in pixels."),
    ] = 1,
    averaged: Annotated[
        bool,
        typer.Option("--ema/--no-ema", help="Use the moving average, if the checkpoint has one."),
    ] = True,
) -> None:
    """Draw samples from a run or a checkpoint of any backend, with any backend."""
    check_backend(backend)
    check_device(device)
    checkpoint = check_checkpoint(path)
    if out.suffix.lower() != ".png":
        raise UsageError(f"{out}: samples are saved as PNG; end its name in .png")
    from common.cli.running import draw_samples
    from common.drawing.pictures import Layout

    draw_samples(
        checkpoint,
        backend,
        out,
        device=device,
        seed=seed,
        averaged=averaged,
        count=count,
        layout=Layout(columns, scale),
    )
