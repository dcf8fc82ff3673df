"""A float32 run beyond its bounds at one seed: whether another seed confirms it."""

from collections.abc import Mapping
from dataclasses import replace

from common.parity.results import Comparison, Result, Run

Place = tuple[Run, str]  # a run and a case
REPEAT = (
    "only float32 runs are beyond their bounds. One unit that crosses a kink may do this at one "
    "seed: make the same recordings with another --seed and give all of them to rosetta compare; "
    "a run that fails at both has failed"
)


def is_doubtful(comparison: Comparison) -> bool:
    """Whether nothing failed but float32 numbers that may have crossed a kink."""
    failed = [result for result in comparison.results if not result.ok]
    complete = comparison.made == comparison.expected
    return bool(failed) and complete and all(map(_may_be_a_kink, failed))


def confirmed(by_seed: Mapping[int, Comparison]) -> Comparison:
    """Comparisons of the same runs at several seeds as one.

    A float32 run that is beyond its bounds in a case at one seed, and within all of them at
    another, crossed a kink: that is noted, and is no failure. What rounds wrongly does so at every
    seed. A float64 run, a missing tensor and a NaN fail wherever they do.
    """
    failed = {seed: _failed(comparison) for seed, comparison in by_seed.items()}
    judged = {seed: _judged(comparison) for seed, comparison in by_seed.items()}
    together = Comparison()
    for seed, comparison in by_seed.items():
        excused = {
            place: other
            for place in failed[seed]
            for other in by_seed
            if place in judged[other] and place not in failed[other]
        }
        for (run, case), other in excused.items():
            together.note(
                f"{run}, {case}: {failed[seed][run, case]} float32 numbers are beyond their bounds "
                f"at seed {seed}, and none at seed {other}: a unit crossed a kink"
            )
        together.add(replace(comparison, results=_with(comparison.results, excused, seed)))
    return together


def _with(results: list[Result], excused: Mapping[Place, int], seed: int) -> list[Result]:
    return [
        replace(result, ok=True, reason=f"beyond its bound at seed {seed} alone")
        if not result.ok and _may_be_a_kink(result) and (result.run, result.case) in excused
        else result
        for result in results
    ]


def _failed(comparison: Comparison) -> dict[Place, int]:
    """How many results of each float32 run and case failed."""
    counts: dict[Place, int] = {}
    for result in comparison.results:
        if result.dtype == "float32" and not result.ok:
            place = result.run, result.case
            counts[place] = counts.get(place, 0) + 1
    return counts


def _judged(comparison: Comparison) -> set[Place]:
    return {(r.run, r.case) for r in comparison.results if r.dtype == "float32"}


def _may_be_a_kink(result: Result) -> bool:
    return result.dtype == "float32" and result.error is not None
