"""The arrays of a comparison in order of computation, and which of their errors come from where."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from common.check.outcome import Comparison, Finding, Outcome
from common.check.runs import Key

OK, ORIGIN, FOLLOWS, ONCE = "ok", "origin", "follows", "once"


@dataclass(frozen=True)
class Stage:
    """One array: each port's comparison with the reference's."""

    key: Key
    cells: dict[str, Comparison] = field(default_factory=dict)


@dataclass(frozen=True)
class Block:
    """The arrays of one phase of a step."""

    step: int
    phase: str
    stages: Sequence[Stage]


@dataclass(frozen=True)
class Stages:
    """All arrays of one floating-point type, and the findings among them."""

    dtype: str
    ports: Sequence[str]
    stages: Sequence[Stage]
    findings: Sequence[Finding]
    at_fault: frozenset[str]  # the ports with findings, of any type

    @property
    def blocks(self) -> list[Block]:
        """The stages of each phase together."""
        grouped = groupby(self.stages, key=lambda stage: stage.key[:2])
        return [Block(step, phase, list(stages)) for (step, phase), stages in grouped]

    def finding(self, comparison: Comparison) -> Finding | None:
        """The finding that starts with a comparison."""
        return next((f for f in self.findings if f.first is comparison), None)

    def state(self, comparison: Comparison) -> str:
        """Whether it agrees, goes wrong by itself, may follow from that, or fails this once.

        What fails without a finding passed with another seed.
        """
        if self.finding(comparison):
            return ORIGIN
        if comparison.ok:
            return OK
        return FOLLOWS if comparison.port in self.at_fault else ONCE


def all_stages(outcome: Outcome) -> list[Stages]:
    """The stages of each floating-point type in which the ports were compared."""
    dtypes = dict.fromkeys(c.dtype for c in outcome.comparisons)
    return [_stages(outcome, dtype) for dtype in dtypes]


def ratio(comparison: Comparison) -> float:
    """Error over bound: above 1 they differ, infinite where it cannot be measured."""
    error, bound = comparison.error, comparison.bound
    if error is None or not math.isfinite(error):
        return math.inf
    return error / bound if bound else (math.inf if error else 0.0)


def worst(comparisons: Iterable[Comparison]) -> Comparison | None:
    """The one nearest to its bound, or furthest past it."""
    return max(comparisons, key=ratio, default=None)


def brief(comparison: Comparison) -> str:
    """How far it is from the reference, in a word."""
    if comparison.error is not None and math.isfinite(comparison.error):
        return f"{comparison.error:.1e}" if comparison.error else "0"
    return next((w for w in ("shape", "NaN") if comparison.reason.startswith(w)), "differs")


def plain(words: str) -> str:
    """Words on one line, without what would steer a terminal."""
    return re.sub(r"[\x00-\x1f\x7f]+", " ", words)


def reasons(outcome: Outcome) -> dict[str, list[str]]:
    """Why arrays were left out, and which."""
    left_out: dict[str, list[str]] = {}
    for name, reason in outcome.left_out.items():
        left_out.setdefault(reason, []).append(name)
    return left_out


def _stages(outcome: Outcome, dtype: str) -> Stages:
    findings = [f for f in outcome.findings if f.first.dtype == dtype]
    compared = [c for c in outcome.comparisons if c.dtype == dtype]
    ports = [port.name for port in outcome.ports if any(c.port == port.name for c in compared)]
    order = _merged([[c.key for c in compared if c.port == port] for port in ports])
    for finding in findings:
        if finding.first.key not in order:
            order.insert(_place(finding.first.key, order), finding.first.key)
    cells: dict[Key, dict[str, Comparison]] = {key: {} for key in order}
    for comparison in (*compared, *(finding.first for finding in findings)):
        cells[comparison.key][comparison.port] = comparison
    stages = [Stage(key, cells[key]) for key in order]
    at_fault = frozenset(finding.first.port for finding in outcome.findings)
    return Stages(dtype, ports, stages, findings, at_fault)


def _merged(orders: Iterable[list[Key]]) -> list[Key]:
    """All keys, each behind those that come before it in its own order."""
    merged: list[Key] = []
    known: set[Key] = set()
    for keys in sorted(orders, key=len, reverse=True):
        place = 0
        for key in keys if not known.issuperset(keys) else ():
            if key in known:
                place = merged.index(key)
            else:
                merged.insert(place, key)
                known.add(key)
            place += 1
    return merged


def _place(key: Key, order: Sequence[Key]) -> int:
    """Where a key that was not compared belongs: an input before its layer's output."""
    output = key._replace(name=key.name.removesuffix("/input"))
    if output in order:
        return order.index(output)
    alike = [place for place, other in enumerate(order) if other[:2] == key[:2]]
    later = [place for place, other in enumerate(order) if other.step > key.step]
    return next(iter(alike or later), len(order))
