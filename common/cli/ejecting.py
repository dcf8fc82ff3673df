"""`rosetta eject`."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from common import UsageError
from common.backends import TITLES, check_backend
from common.cli.application import BackendName, SystemName, app
from common.systems import find_system


@app.command()
def eject(
    backend: BackendName,
    system: SystemName,
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="The script to write, as in wgan_gp.py.")
    ],
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Write a system in one framework as one script that needs nothing of this project.

    To read a GAN from top to bottom, or to start your own from it: the networks, losses, optimiser
    and updates are this project's own code, without what the system does not use; the source's
    numbers stand at the top.

    Its [bold]build(rng)[/bold] returns both networks, drawn as the source draws them, and their
    optimisers; [bold]train_step[/bold] makes the updates of a step. From equal weights and inputs
    it gives the same weights as here, to the last bit ([bold]make eject[/bold] checks all 52
    scripts with narrow layers). What serves speed on a CPU alone is left out: PyTorch's layout with
    channels last, JAX's transposed convolutions in parts, Jittor's products with large weights.
    [bold]python FILE[/bold] trains on scikit-learn's digits, [bold]python FILE DATA.npz[/bold] on
    your samples, in the framework's own layout.
    """
    check_backend(backend)
    found = find_system(system)
    _check(out, force=force)
    from common.eject.script import script
    from common.files import write_bytes

    text = script(backend, found)
    write_bytes(out, text.encode())
    lines = len(text.splitlines())
    Console().print(f"{out}: {found.name} in {TITLES[backend]}, {lines} lines; python {out} --help")


def _check(out: Path, *, force: bool) -> None:
    """Check where the script shall be written.

    Raises:
        UsageError: the name does not end in .py, the file exists, or its folder is not writable.
    """
    if out.suffix != ".py":
        raise UsageError(f"--out {out}: a script's name ends in .py; name it {out}.py")
    if out.is_dir():
        raise UsageError(f"--out {out}: is a folder; name a file")
    if out.exists() and not force:
        raise UsageError(f"--out {out}: exists; add --force to overwrite it")
    if out.parent.exists() and not os.access(out.parent, os.W_OK):
        raise UsageError(f"--out {out}: its folder cannot be written to; choose another")
