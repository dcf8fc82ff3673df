"""`rosetta idioms`."""

from itertools import groupby
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from common.cli.application import Backends, app, check_backends
from common.idioms.definitions import all_names, find_definition


@app.command()
def idioms(
    name: Annotated[
        str,
        typer.Argument(
            metavar="[NAME]", help="As in losses.gradient_penalty; default: list all names."
        ),
    ] = "",
    backends: Backends = "",
    full: Annotated[
        bool, typer.Option("--full", help="Show types and whole docstrings too.")
    ] = False,
) -> None:
    """Show the definition of one public name in each framework.

    Each is compared with the first of [bold]--backends[/bold], statement by statement. A mark says
    that a line differs (~), that only the first framework has it (<), or only the other (>); what
    differs within a line is bold. Types and docstrings are folded away.

    Side by side, a framework takes 60 columns of the terminal or more: two of them from 120 on,
    all four from 240 on. Where not all fit, the first is repeated beside the others. Below 120,
    each follows the one before. Long lines are wrapped.

    [bold]rosetta idioms steps.generator_gradients[/bold]

    [bold]rosetta idioms layers.BatchNorm --backends jax,tf --full[/bold]

    [bold]COLUMNS=160 FORCE_COLOR=1 rosetta idioms gan.GAN | less -R[/bold]
    """
    console = Console()
    chosen = check_backends(backends)
    if not name:
        _list(console)
        return
    definitions = [find_definition(name, backend) for backend in chosen]
    from common.idioms.terminal import rendered

    for line in rendered(definitions, console.width, full=full):
        console.print(line, soft_wrap=True)


def _list(console: Console) -> None:
    table = Table("module", "names, for rosetta idioms MODULE.NAME")
    pairs = [name.rpartition(".") for name in all_names()]
    for module, group in groupby(pairs, key=lambda pair: pair[0]):
        table.add_row(module, ", ".join(name for *_, name in group))
    console.print(table)
