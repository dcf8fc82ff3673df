"""`rosetta compare-runs`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from common import UsageError
from common.cli.application import app
from common.files import write_bytes


@app.command("compare-runs")
def compare_runs(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders of runs.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to write.")] = Path(
        "runs.html"
    ),
) -> None:
    """Compare several runs on one page: curves, samples and differing options.

    With [bold]--out FILE.md[/bold], runs that differ only in framework and seed are grouped: means
    and standard deviations over the seeds, samples, and whether the frameworks differ
    significantly. With [bold]--out FILE.gif[/bold], their samples are animated side by side.
    """
    if out.suffix not in (".html", ".md", ".gif"):
        raise UsageError(f"{out}: end its name in .html or .md for a page, .gif for an animation")
    from common.training.results_page import save_results_page
    from common.training.side_by_side import open_run, several_systems, to_html

    runs = [open_run(folder) for folder in folders]
    if out.suffix == ".gif":
        from common.training.animation import save_animation_of

        Console().print(f"{out}: {len(runs)} runs at {save_animation_of(out, runs)} steps")
        return
    if out.suffix == ".md":
        sections = save_results_page(out, runs)
        Console().print(f"{out}: {len(folders)} runs, sections: {sections}")
        return
    write_bytes(out, to_html(runs))
    if note := several_systems(runs):
        Console(stderr=True).print(f"note: {note}", soft_wrap=True)
    Console().print(f"{out}: {len(folders)} runs")
