"""`rosetta evaluate`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from common.backends import check_backend
from common.cli.application import AsJson, BackendName, Device, app, check_checkpoint, check_device
from common.cli.loading import load_backend


@app.command()
def evaluate(
    path: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run's folder, or one of its checkpoints.")
    ],
    backend: BackendName,
    samples: Annotated[
        int, typer.Option(min=2, metavar="N", help="Number of generated and of real samples.")
    ] = 1000,
    data: Annotated[
        str | None,
        typer.Option(metavar="DATA", help="Data set to compare with; default: the run's own."),
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

    Shows what other real samples score in the same measures, too. Compare only figures of the
    same number of samples.
    """
    check_backend(backend)
    check_device(device)
    path = check_checkpoint(path)
    from common.data import load_dataset
    from common.drawing.pictures import as_bytes
    from common.quality.inception import inception_distances
    from common.training.checkpoint import read_checkpoint, restore, sampling_network
    from common.training.scores import draw_both, draw_more_real, measure

    checkpoint = read_checkpoint(path)
    name = data or checkpoint.data
    dataset = load_dataset(name, checkpoint.system, checkpoint.seed)
    loaded = load_backend(backend, device=device, dtype=checkpoint.dtype, exact=False)
    gan, average = restore(loaded, checkpoint)
    network = sampling_network(gan, average if averaged else None)
    with Console(stderr=True).status(f"drawing {samples} samples and comparing them …"):
        generated, real = draw_both(
            loaded, network, checkpoint.system, dataset, seed=checkpoint.seed, count=samples
        )
        figures = measure(generated, real, data=name, seed=checkpoint.seed)
    if inception:
        figures |= inception_distances(as_bytes(real), as_bytes(generated), device=device)
    if as_json:
        print(json.dumps(figures, indent=1))
        return
    others = draw_more_real(checkpoint.system, dataset, seed=checkpoint.seed, count=samples)
    baseline = {} if others is None else measure(others, real, data=name, seed=checkpoint.seed)
    Console().print(
        f"{len(generated)} samples of {checkpoint.system.name} at step {checkpoint.step} against "
        f"{len(real)} of {name}"
    )
    Console().print(_table(figures, baseline, name, 0 if others is None else len(others)))


def _table(
    figures: Mapping[str, float], baseline: Mapping[str, float], data: str, count: int
) -> Table:
    """The figures, and those of other real samples, which a perfect generator would come near."""
    from common.quality.evaluation import HIGHER_IS_BETTER

    table = Table("figure", "generated", *([f"real ({count})"] if baseline else []), "better")
    for name, value in figures.items():
        cells = [_cell(name, value, data)]
        if baseline:
            cells.append(_cell(name, baseline[name], data) if name in baseline else "·")
        better = "higher" if name in HIGHER_IS_BETTER else "lower"
        better = "near 0" if name.endswith("_error") else better
        table.add_row(name.replace("_", " "), *cells, better)
    return table


def _cell(name: str, value: float, data: str) -> str:
    from common.quality.evaluation import maximum

    most = maximum(name, data)
    return f"{value:.4g}" if most is None else f"{value:.0f} of {most}"
