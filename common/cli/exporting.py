"""`rosetta export`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from common.cli.application import app, check_checkpoint
from common.cli.loading import load_backend
from common.training.export_formats import atomic_target, check_target, example, find_format


@app.command()
def export(
    path: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run's folder, or one of its checkpoints.")
    ],
    format_name: Annotated[
        str, typer.Argument(metavar="FORMAT", help="torch, keras (or tf), flax (or jax) or jittor.")
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="PATH", help="File or folder to write; must not exist.")
    ],
    averaged: Annotated[
        bool,
        typer.Option("--ema/--no-ema", help="Use the generator's moving average, if there is one."),
    ] = True,
) -> None:
    """Export both networks to a file that the framework loads without this project.

    torch: a .pt file with two state dicts; keras: a folder with two SavedModels;
    flax: an Orbax folder with two nested dicts; jittor: a .pkl file with two state dicts.
    Prints a script that loads the result.
    """
    form = find_format(format_name)
    check_target(form, out)
    path = check_checkpoint(path)
    from common.training.checkpoint import read_checkpoint, restore, sampling_network

    checkpoint = read_checkpoint(path)
    loaded = load_backend(form.backend, device="cpu", dtype=checkpoint.dtype, exact=False)
    gan, average = restore(loaded, checkpoint)
    generator = sampling_network(gan, average if averaged else None)
    with atomic_target(out) as target:
        loaded.export.export_networks(generator, gan.discriminator, target)
    Console().print(f"{out}: {checkpoint.system.name} at step {checkpoint.step}; to load it:\n")
    print(example(form, out, checkpoint.system, checkpoint.dtype), end="")
