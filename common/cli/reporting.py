"""Functions shared by the commands that record and compare."""

import os
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from common import UsageError
from common.backends.inspection import examine
from common.files import write_bytes
from common.parity.report import show
from common.parity.report_html import to_html
from common.parity.report_json import to_json
from common.parity.results import Comparison
from common.processes.memory import available

WIDE = 160
RECORDING = 3 * 2**30  # bytes: the most memory that one recording was observed to use


def require_device(backends: Sequence[str], device: str) -> None:
    """Check that each backend sees a device of that kind.

    Raises:
        UsageError: says what one of them lacks, and the remedy.
    """
    for report in (examine(name, device=device) for name in backends if device != "cpu"):
        if report["problem"]:
            raise UsageError(f"{report['title']}: {report['problem']}; {report['remedy']}")


def workers() -> int:
    """How many recordings to make in parallel: as many as cores and memory allow."""
    cores, free = os.cpu_count() or 1, available()
    return max(1, min(cores, cores if free is None else free // RECORDING))


def wide_console() -> Console:
    """A console; wide enough for the tables if the output is not a terminal."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDE)


def write_report(comparison: Comparison, out: Path, *, table: bool = True) -> None:
    """Write report.json and report.html, and print a summary."""
    write_bytes(out / "report.json", to_json(comparison))
    write_bytes(out / "report.html", to_html(comparison))
    console = wide_console()
    show(comparison, console, table=table)
    console.print(f"report: {out / 'report.html'} and report.json", soft_wrap=True)
