"""`rosetta export`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from common.backends import load
from common.cli.application import app
from common.files import check_file
from common.training.export_formats import check_target, example, find_format, written_whole


@app.command()
def export(
    checkpoint: Annotated[Path, typer.Argument(help="A checkpoint of any backend.")],
    format_name: Annotated[
        str, typer.Argument(metavar="FORMAT", help="torch, keras, flax or jittor.")
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="PATH", help="File or folder to write; not there yet.")
    ],
    averaged: Annotated[
        bool,
        typer.Option("--ema/--no-ema", help="The generator's moving average, if there is one."),
    ] = True,
) -> None:
    """Write both networks in the file that a framework's users load without this project.

    torch: a .pt of two state dicts; keras: a folder of two SavedModels;
    flax: an Orbax folder of two nested dicts; jittor: a .pkl of two state dicts.
    Prints a script that loads it.
    """
    form = find_format(format_name)
    check_target(form, out)
    check_file(checkpoint)
    from common.training.checkpoint import drawing_network, read_checkpoint, restore

    found = read_checkpoint(checkpoint)
    loaded = load(form.backend, device="cpu", dtype=found.dtype, exact=False)
    gan, average = restore(loaded, found)
    generator = drawing_network(gan, average if averaged else None)
    with written_whole(out) as path:
        loaded.export.export_networks(generator, gan.discriminator, path)
    Console().print(f"{out}: {found.system.name} at step {found.step}; this loads it:\n")
    print(example(form, out, found.system, found.dtype), end="")
