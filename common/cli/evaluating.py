"""`rosetta evaluate`."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from common.backends import check_backend, load
from common.cli.application import AsJson, BackendName, Device, app, check_device
from common.files import check_file


@app.command()
def evaluate(
    path: Annotated[
        Path, typer.Argument(metavar="CHECKPOINT", help="A checkpoint of any backend.")
    ],
    backend: BackendName,
    samples: Annotated[
        int, typer.Option(min=2, help="Number of generated and of real samples.")
    ] = 1000,
    data: Annotated[
        str | None,
        typer.Option(help="Data set to compare with; default: the run's own."),
    ] = None,
    inception: Annotated[
        bool,
        typer.Option("--inception", help="Also FID and KID with Inception v3, by torch-fidelity."),
    ] = False,
    averaged: Annotated[
        bool,
        typer.Option("--ema/--no-ema", help="Use the moving average, if the checkpoint has one."),
    ] = True,
    device: Device = "cpu",
    as_json: AsJson = False,
) -> None:
    """Evaluate a checkpoint's samples: distances to real ones, modes and digits covered.

    Lower distances are better; compare only figures of the same number of samples.
    """
    check_backend(backend)
    check_device(device)
    check_file(path)
    from common.data import load_dataset
    from common.drawing.pictures import as_bytes
    from common.quality.inception import inception_distances
    from common.training.checkpoint import read_checkpoint, restore, sampling_network
    from common.training.scores import draw_both, measure

    checkpoint = read_checkpoint(path)
    name = data or checkpoint.data
    dataset = load_dataset(name, checkpoint.system, checkpoint.seed)
    loaded = load(backend, device=device, dtype=checkpoint.dtype, exact=False)
    gan, average = restore(loaded, checkpoint)
    network = sampling_network(gan, average if averaged else None)
    generated, real = draw_both(
        loaded, network, checkpoint.system, dataset, seed=checkpoint.seed, count=samples
    )
    figures = measure(generated, real, data=name, seed=checkpoint.seed)
    if inception:
        figures |= inception_distances(as_bytes(real), as_bytes(generated), device=device)
    if as_json:
        print(json.dumps(figures, indent=1))
        return
    table = Table("figure", "value")
    for figure, value in figures.items():
        table.add_row(figure.replace("_", " "), f"{value:.4g}")
    Console().print(table)
