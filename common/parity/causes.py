"""Failures folded into causes: one line for each framework and phase in which something broke."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from common.parity.findings import named, size_of
from common.parity.results import Result


@dataclass(frozen=True)
class Cause:
    """What one framework gets wrong in one phase of the computation, and all that follows."""

    who: str  # framework, version and device
    phase: str
    first: Result  # the earliest tensor that is off, in float64 if there is one
    cases: tuple[str, ...]
    failed: int  # comparisons, those that follow from the first included

    @property
    def sentence(self) -> str:
        """Who, since when and in which phase, at which tensor, how large, how many consequences."""
        first = self.first
        if first.quantity == "recording":
            return f"{self.who}: {first.reason} ({_cases(self.cases)})"
        when = "before any update" if first.step == 0 else f"at step {first.step}"
        words = named(first).replace(first.quantity, first.quantity.replace("_", " "), 1)
        others = self.failed - 1
        follows = f"; {others:,} more comparisons follow from it" if others else ""
        return (
            f"{self.who}: wrong since {when}, in the phase: {self.phase}. First "
            f"{words} in {first.case}, "
            f"{first.dtype}: {size_of(first)}{follows} ({_cases(self.cases)})"
        )


def causes(results: Iterable[Result]) -> list[Cause]:
    """One cause for each framework and phase, the worst first.

    The phase of a case is that of its earliest failure: what comes later follows from it.
    """
    by_case: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in results:
        if not result.ok:
            by_case[_who(result), f"{result.case} {result.dtype}"].append(result)
    folded: dict[tuple[str, str], list[list[Result]]] = defaultdict(list)
    for (who, _), failed in by_case.items():
        earliest = min(failed, key=lambda result: result.order)
        place = earliest.reason if earliest.quantity == "recording" else earliest.phase
        folded[who, place].append(sorted(failed, key=lambda result: result.order))
    all_causes = (_cause(who, groups) for (who, _), groups in folded.items())
    return sorted(all_causes, key=lambda cause: -cause.failed)


def _cause(who: str, groups: list[list[Result]]) -> Cause:
    firsts = [group[0] for group in groups]
    first = min(firsts, key=lambda r: (r.dtype != "float64", r.order, -(r.error or 0.0)))
    cases = tuple(dict.fromkeys(result.case for result in firsts))
    return Cause(who, first.phase, first, cases, sum(map(len, groups)))


def _who(result: Result) -> str:
    version = result.version.partition("+")[0]
    return f"{result.backend} {version} on {result.device}"


def _cases(cases: tuple[str, ...]) -> str:
    return cases[0] if len(cases) == 1 else f"{len(cases)} cases"
