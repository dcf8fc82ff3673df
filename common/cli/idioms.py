"""`rosetta idioms`."""

from itertools import groupby
from typing import Annotated

import typer
from rich.columns import Columns
from rich.console import Console
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table

from common.backends import TITLES
from common.cli.application import Backends, app, check_backends
from common.idioms.definitions import Definition, all_names, find_definition
from common.idioms.line_diff import differing_lines

CODE_WIDTH = 100
MARGIN = 4  # a panel's frame and padding
THEME = "ansi_dark"  # the terminal's own colours


@app.command()
def idioms(
    name: Annotated[
        str,
        typer.Argument(
            metavar="[NAME]", help="As in losses.gradient_penalty; default: list all names."
        ),
    ] = "",
    backends: Backends = "",
) -> None:
    """Show the definition of one public name in each framework.

    With two [bold]--backends[/bold], the lines that differ are marked, and on a wide terminal the
    two are shown side by side.
    """
    console = Console()
    chosen = check_backends(backends)
    if not name:
        _list(console)
        return
    definitions = [find_definition(name, backend) for backend in chosen]
    if len(definitions) == 2:
        _show_pair(console, *definitions)
        return
    for definition in definitions:
        console.print(_panel(definition))


def _list(console: Console) -> None:
    table = Table("module", "names, for rosetta idioms MODULE.NAME")
    pairs = [name.rpartition(".") for name in all_names()]
    for module, group in groupby(pairs, key=lambda pair: pair[0]):
        table.add_row(module, ", ".join(name for *_, name in group))
    console.print(table)


def _show_pair(console: Console, first: Definition, second: Definition) -> None:
    width = max(len(line) for each in (first, second) for line in each.source.splitlines())
    wide = console.width >= 2 * (width + MARGIN)
    panels = [_panel(first, second, width), _panel(second, first, width)]
    if wide:
        console.print(Columns(panels, padding=0))
        return
    for panel in panels:
        console.print(panel)


def _panel(definition: Definition, other: Definition | None = None, width: int = 0) -> Panel:
    code = Syntax(
        definition.source, "python", theme=THEME, code_width=width or None, word_wrap=True
    )
    if other is not None:
        differs = differing_lines(definition.source, other.source)
        for number in (at for at, marked in enumerate(differs, start=1) if marked):
            code.stylize_range("reverse", (number, 0), (number, 1 + CODE_WIDTH))
    title = f"{TITLES[definition.backend]}  {definition.path}:{definition.line}"
    return Panel(code, title=title, title_align="left", expand=False)
