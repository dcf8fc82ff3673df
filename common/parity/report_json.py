"""A comparison as JSON, and several such reports as one."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from common import UsageError, __version__
from common.parity.findings import as_dict, findings
from common.parity.report import worst_of_each_run
from common.parity.results import Comparison, Result
from common.parity.summary import read_report

MERGED = (
    "comparisons_expected",
    "comparisons_made",
    "notes",
    "left_out",
    "noisy_elements_left_out",
    "cpu_seconds",
)


def to_json(comparison: Comparison) -> bytes:
    """The report: environment, results, summary."""
    report = {
        "environment": comparison.environments,
        "results": [asdict(result) for result in comparison.results],
        "summary": summary(comparison),
    }
    return json.dumps(report, allow_nan=False).encode()


def summary(comparison: Comparison) -> dict[str, Any]:
    """The verdict, the counts, notes and findings, what was left out, the worst of every run."""
    return {
        "ok": comparison.ok,
        "rosetta": __version__,
        "comparisons_expected": comparison.expected,
        "comparisons_made": comparison.made,
        "results": len(comparison.results),
        "results_failed": sum(not result.ok for result in comparison.results),
        "notes": list(comparison.notes),
        "findings": [as_dict(finding) for finding in findings(comparison.results)],
        "left_out": comparison.left_out,
        "noisy_elements_left_out": comparison.noisy_elements,
        "cpu_seconds": comparison.cpu_seconds,
        "worst": [asdict(result) for result in worst_of_each_run(comparison.results)],
    }


def merge_reports(paths: Sequence[Path]) -> Comparison:
    """Reports of several parts as one; a tensor that two of them judged counts once.

    Where two judged it differently, the failure stands.

    Raises:
        UsageError: one of them is not a report of this version.
    """
    merged = Comparison()
    by_key: dict[tuple[Any, ...], Result] = {}
    for path in paths:
        report = read_report(path)
        try:
            results = [Result(**result) for result in report["results"]]
            facts = {name: report["summary"][name] for name in MERGED}
        except (TypeError, KeyError):
            raise UsageError(f"{path}: a report of another version; make it again") from None
        for result in results:
            key = (result.run, result.case, result.quantity, result.step, result.tensor)
            if key not in by_key or not result.ok:
                by_key[key] = result
        merged.environments |= report["environment"]
        merged.left_out |= facts["left_out"]
        merged.noisy_elements |= facts["noisy_elements_left_out"]
        merged.cpu_seconds |= facts["cpu_seconds"]
        merged.expected += facts["comparisons_expected"]
        merged.made += facts["comparisons_made"]
        for note in facts["notes"]:
            merged.note(note)
    merged.results = list(by_key.values())
    return merged
