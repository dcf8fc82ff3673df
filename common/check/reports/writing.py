"""Write a comparison of ports to files."""

import json
import sys
from pathlib import Path

from common.check.outcome import Outcome
from common.check.reports.report_html import to_html
from common.check.reports.report_json import to_json
from common.check.reports.report_junit import to_junit
from common.files import write_bytes


def write_reports(outcome: Outcome, *, folder: Path | None, junit: Path | None) -> None:
    """Write report.html and report.json to a folder, and JUnit XML to a file, as asked.

    Standard error says where they are, since standard output may have to hold JSON alone.

    Raises:
        UsageError: a file cannot be written.
    """
    if folder is not None:
        content = json.dumps(to_json(outcome), indent=2, allow_nan=False)
        write_bytes(folder / "report.json", f"{content}\n".encode())
        write_bytes(folder / "report.html", to_html(outcome))
        print(f"report: {folder / 'report.html'} and report.json", file=sys.stderr)
    if junit is not None:
        write_bytes(junit, to_junit(outcome))
