"""Compare runs that differ only in framework and seed: the effect of each."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common import UsageError
from common.backends import BACKENDS
from common.quality.evaluation import headline
from common.training.segments import variant_of
from common.training.side_by_side import PastRun

PERMUTATIONS = 20_000  # at most; if there are fewer, all are tried
VARYING = (  # fields of the configuration that may differ
    "command",
    "segments",
    "backend",
    "environment",
    "first_step",
    "seed",
)


@dataclass(frozen=True)
class Experiment:
    """The same run in several frameworks, from several seeds."""

    system: str
    data: str
    variants: tuple[str, ...]  # backends, some with a precision, as in "torch, fast"
    seeds: tuple[int, ...]
    runs: dict[tuple[str, int], PastRun]  # by variant and seed, for every combination

    def values(self, name: str) -> NDArray[Any]:
        """That figure in the last evaluation of each run: variants × seeds."""
        last = {key: run.evaluations[-1] for key, run in self.runs.items()}
        return np.array([[last[v, seed][name] for seed in self.seeds] for v in self.variants])

    @property
    def figures(self) -> list[str]:
        """The names of the evaluated figures; the one that ranks checkpoints comes first."""
        last = self.runs[self.variants[0], self.seeds[0]].evaluations[-1]
        first = headline(last)[0]
        others = [k for k in last if k not in ("step", first) and not k.startswith("loss")]
        return [first, *others]


def experiments(runs: Sequence[PastRun]) -> list[Experiment]:
    """Group runs by everything except framework and seed.

    Raises:
        UsageError: a run was never evaluated or occurs twice, or a seed is missing in one
            framework.
    """
    groups: dict[str, list[PastRun]] = {}
    for run in runs:
        if not run.evaluations:
            raise UsageError(f"{run.name}: was never evaluated; train with --evaluate-every")
        same = {name: value for name, value in run.config.items() if name not in VARYING}
        groups.setdefault(json.dumps(same, sort_keys=True), []).append(run)
    return [_experiment(group) for group in groups.values()]


def spread(values: NDArray[Any]) -> tuple[float, float]:
    """The standard deviation between seeds of one framework, and between frameworks at one seed.

    `values` are frameworks × seeds, at least two of each; each is pooled over the other axis.
    """
    between_seeds = np.sqrt(values.var(axis=1, ddof=1).mean())
    between_frameworks = np.sqrt(values.var(axis=0, ddof=1).mean())
    return float(between_seeds), float(between_frameworks)


def permutation_p_value(values: NDArray[Any]) -> float:
    """The p-value of a permutation test for a difference between the frameworks' means.

    `values` are frameworks × seeds. The framework labels are permuted within each seed, whose runs
    share weights and batches.
    """
    from scipy.stats import permutation_test

    test = permutation_test(
        tuple(values),
        lambda *samples, axis=-1: np.stack([s.mean(axis=axis) for s in samples]).var(axis=0),
        permutation_type="samples",
        vectorized=True,
        n_resamples=PERMUTATIONS,
        alternative="greater",
        rng=np.random.default_rng(0),
    )
    return float(test.pvalue)


def _experiment(group: Sequence[PastRun]) -> Experiment:
    runs = {(variant_of(Path(run.name), run.config), run.config["seed"]): run for run in group}
    variants = tuple(sorted({variant for variant, _ in runs}, key=_order))
    seeds = tuple(sorted({seed for _, seed in runs}))
    if len(runs) < len(group):
        names = ", ".join(run.name for run in group)
        raise UsageError(f"two of these runs have the same framework and seed: {names}")
    for variant in variants:
        for seed in seeds:
            if (variant, seed) not in runs:
                raise UsageError(
                    f"no run of {group[0].config['system']['name']} in {variant} "
                    f"from seed {seed}, which another framework has"
                )
    config = group[0].config
    return Experiment(config["system"]["name"], config["data"], variants, seeds, runs)


def _order(variant: str) -> tuple[int, str]:
    """The frameworks in their usual order, each before its fast precision."""
    return BACKENDS.index(variant.partition(", ")[0]), variant
