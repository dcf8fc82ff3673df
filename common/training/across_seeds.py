"""Runs that differ in framework and seed only: what a framework changes, and what a seed does."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common import UsageError
from common.backends import BACKENDS
from common.quality.evaluation import headline
from common.training.side_by_side import PastRun

RELABELLINGS = 20_000  # all of them, where there are no more
FREE = ("command", "backend", "environment", "first_step", "seed")


@dataclass(frozen=True)
class Experiment:
    """The same run in several frameworks from several seeds."""

    system: str
    data: str
    backends: tuple[str, ...]
    seeds: tuple[int, ...]
    runs: dict[tuple[str, int], PastRun]  # by backend and seed, every pair of them

    def values(self, name: str) -> NDArray[Any]:
        """The last evaluation of that figure: backends × seeds."""
        last = {key: run.evaluations[-1] for key, run in self.runs.items()}
        return np.array([[last[b, seed][name] for seed in self.seeds] for b in self.backends])

    @property
    def figures(self) -> list[str]:
        """The names of what was evaluated, the one that ranks checkpoints first."""
        last = self.runs[self.backends[0], self.seeds[0]].evaluations[-1]
        first = headline(last)[0]
        others = [k for k in last if k not in ("step", first) and not k.startswith("loss")]
        return [first, *others]


def experiments(runs: Sequence[PastRun]) -> list[Experiment]:
    """The runs, grouped by everything but framework and seed.

    Raises:
        UsageError: a run was never evaluated, or is there twice, or lacks in one framework a seed
            that another has.
    """
    groups: dict[str, list[PastRun]] = {}
    for run in runs:
        if not run.evaluations:
            raise UsageError(f"{run.name}: was never evaluated; train with --evaluate-every")
        same = {name: value for name, value in run.config.items() if name not in FREE}
        groups.setdefault(json.dumps(same, sort_keys=True), []).append(run)
    return [_experiment(group) for group in groups.values()]


def spread(values: NDArray[Any]) -> tuple[float, float]:
    """The standard deviation between seeds of one framework, and between frameworks at one seed.

    `values` are frameworks × seeds, at least two of each; both are pooled over the other.
    """
    between_seeds = np.sqrt(values.var(axis=1, ddof=1).mean())
    between_frameworks = np.sqrt(values.var(axis=0, ddof=1).mean())
    return float(between_seeds), float(between_frameworks)


def chance_of_difference(values: NDArray[Any]) -> float:
    """How often relabelled frameworks differ at least as much in their means as the real ones.

    `values` are frameworks × seeds. The labels are permuted within each seed, whose runs share
    weights and batches. Near 1: nothing tells the frameworks apart; below 0.05: something does.
    """
    from scipy.stats import permutation_test

    test = permutation_test(
        tuple(values),
        lambda *samples, axis=-1: np.stack([s.mean(axis=axis) for s in samples]).var(axis=0),
        permutation_type="samples",
        vectorized=True,
        n_resamples=RELABELLINGS,
        alternative="greater",
        rng=np.random.default_rng(0),
    )
    return float(test.pvalue)


def _experiment(group: Sequence[PastRun]) -> Experiment:
    runs = {(run.config["backend"], run.config["seed"]): run for run in group}
    backends = tuple(name for name in BACKENDS if any(name == backend for backend, _ in runs))
    seeds = tuple(sorted({seed for _, seed in runs}))
    if len(runs) < len(group):
        names = ", ".join(run.name for run in group)
        raise UsageError(f"two of these runs have the same framework and seed: {names}")
    for backend in backends:
        for seed in seeds:
            if (backend, seed) not in runs:
                raise UsageError(
                    f"no run of {group[0].config['system']['name']} in {backend} "
                    f"from seed {seed}, which another framework has"
                )
    config = group[0].config
    return Experiment(config["system"]["name"], config["data"], backends, seeds, runs)
