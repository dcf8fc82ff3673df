"""What the commands that record and compare share: progress, and the report."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from common.comparison.jobs import Job
from common.comparison.parity import Plan
from common.comparison.report import show
from common.comparison.report_html import to_html
from common.comparison.report_json import to_json
from common.comparison.results import Comparison
from common.errors import UsageError
from common.examining import examine
from common.files import write_bytes

WIDE = 160


def require_device(backends: Sequence[str], device: str) -> None:
    """Nothing, where each backend sees a device of that kind.

    Raises:
        UsageError: says what one of them lacks, and the remedy.
    """
    for report in (examine(name, device=device) for name in backends if device != "cpu"):
        if report["problem"]:
            raise UsageError(f"{report['title']}: {report['problem']}; {report['remedy']}")


def workers() -> int:
    """How many recordings are made beside each other."""
    cores = os.cpu_count() or 1
    return max(min(2, cores), cores // 4)


def write_report(comparison: Comparison, out: Path) -> None:
    """Write report.json and report.html, and show the table."""
    write_bytes(out / "report.json", to_json(comparison))
    write_bytes(out / "report.html", to_html(comparison))
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDE)  # a log has no edge to fit into
    show(comparison, console)
    console.print(f"report: {out / 'report.html'} and report.json", soft_wrap=True)


def progress_bar() -> Progress:
    """A line for each recording."""
    return Progress(
        SpinnerColumn(finished_text=" "),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[state]}"),
        console=Console(stderr=True),
    )


def ticker(bar: Progress, plan: Plan) -> Callable[[Job, str], None]:
    """What moves those lines."""
    tasks = {
        job: bar.add_task(job.title, total=1, start=False, state="waiting") for job in plan.jobs
    }

    def tick(job: Job, state: str) -> None:
        if state == "running":
            bar.start_task(tasks[job])
            bar.update(tasks[job], state="")
        else:
            text = "[green]recorded[/green]" if state == "done" else f"[red]{escape(state)}[/red]"
            bar.update(tasks[job], completed=1, state=text)

    return tick
