"""Write a comparison of ports to files."""

from pathlib import Path

from common.check.outcome import Outcome


def write_reports(outcome: Outcome, *, folder: Path | None, junit: Path | None) -> None:
    """Write report.html and report.json to a folder, and JUnit XML to a file, as asked."""
