"""`rosetta compare-runs`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from common.cli.application import app
from common.runs.side_by_side import open_run, to_html
from common.tensors import write_bytes


@app.command("compare-runs")
def compare_runs(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders of runs.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The page to write.")] = Path(
        "runs.html"
    ),
) -> None:
    """Put several runs on one page: curves over each other, samples side by side, differences."""
    write_bytes(out, to_html([open_run(folder) for folder in folders]))
    Console().print(f"{out}: {len(folders)} runs")
