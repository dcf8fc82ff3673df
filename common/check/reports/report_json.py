"""A comparison of ports as JSON: docs/_static/check.schema.json describes it."""

import math
from typing import Any

from common.check.outcome import Comparison, Finding, Outcome
from common.check.ports import PortFile

SCHEMA = 1  # a number for each change that a reader has to know of


def to_json(outcome: Outcome) -> dict[str, Any]:
    """The outcome as JSON values; an error that cannot be measured is null."""
    return {
        "schema": SCHEMA,
        "status": outcome.status,
        "agree": outcome.status == 0,
        "headline": outcome.headline,
        "reference": outcome.reference,
        "seed": outcome.seed,
        "steps": outcome.steps,
        "ports": [_port(port, outcome) for port in outcome.ports],
        "findings": [_finding(finding) for finding in outcome.findings],
        "problems": [
            {"port": problem.port, "message": problem.message, "usage": problem.usage}
            for problem in outcome.problems
        ],
        "notes": list(outcome.notes),
        "left_out": dict(outcome.left_out),
        "comparisons": [_comparison(comparison) for comparison in outcome.comparisons],
    }


def _port(port: PortFile, outcome: Outcome) -> dict[str, Any]:
    return {
        "name": port.name,
        "framework": port.framework,
        "file": str(port.path),
        "python": port.python,
        "versions": dict(outcome.versions.get(port.name, {})),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    where = _comparison(finding.first)
    del where["ok"]
    return {
        **where,
        "layer": finding.layer,
        "what": finding.what,
        "looks_like": finding.looks_like,
        "difference": finding.difference,
        "remedy": finding.remedy,
        "also": list(finding.also),
        "steps": list(finding.steps),
        "sentence": finding.sentence,
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {
        "port": comparison.port,
        "dtype": comparison.dtype,
        "step": comparison.key.step,
        "phase": comparison.key.phase,
        "array": comparison.key.name,
        "error": _number(comparison.error),
        "bound": _number(comparison.bound),
        "ok": comparison.ok,
        "reason": comparison.reason,
    }


def _number(value: float | None) -> float | None:
    """JSON has neither NaN nor infinity."""
    return None if value is None or not math.isfinite(value) else float(value)
