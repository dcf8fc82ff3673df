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
    checkpoint: Annotated[Path, typer.Argument(help="A checkpoint of any backend.")],
    backend: BackendName,
    samples: Annotated[
        int, typer.Option(min=2, help="Samples to draw and to hold them against.")
    ] = 1000,
    data: Annotated[
        str | None,
        typer.Option(help="Another data set to hold them against; the run's if left out."),
    ] = None,
    inception: Annotated[
        bool,
        typer.Option("--inception", help="Also FID and KID on Inception v3, by torch-fidelity."),
    ] = False,
    averaged: Annotated[
        bool, typer.Option("--ema/--no-ema", help="From the moving average, if it holds one.")
    ] = True,
    device: Device = "cpu",
    as_json: AsJson = False,
) -> None:
    """Judge a checkpoint's samples: distances to real ones, modes and digits covered.

    Lower distances are better; compare figures of equally many samples only.
    """
    check_backend(backend)
    check_device(device)
    check_file(checkpoint)
    from common.data import load_dataset
    from common.drawing.pictures import as_bytes
    from common.quality.inception import inception_distances
    from common.training.checkpoint import drawing_network, read_checkpoint, restore
    from common.training.scores import drawn, judge

    found = read_checkpoint(checkpoint)
    name = data or found.data
    dataset = load_dataset(name, found.system, found.seed)
    loaded = load(backend, device=device, dtype=found.dtype, exact=False)
    gan, average = restore(loaded, found)
    network = drawing_network(gan, average if averaged else None)
    generated, real = drawn(loaded, network, found.system, dataset, seed=found.seed, count=samples)
    figures = judge(generated, real, data=name, seed=found.seed)
    if inception:
        figures |= inception_distances(as_bytes(real), as_bytes(generated), device=device)
    if as_json:
        print(json.dumps(figures, indent=1))
        return
    table = Table("figure", "value")
    for figure, value in figures.items():
        table.add_row(figure.replace("_", " "), f"{value:.4g}")
    Console().print(table)
