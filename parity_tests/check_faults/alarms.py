"""Right ports on many seeds: how near their errors come to the bounds, and that none is beyond."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from common.check.crew import Crew
from common.check.experiment import Experiment, given_arrays
from common.check.judge import Judge
from common.check.options import Options
from common.check.outcome import Comparison
from common.check.ports import PortFile
from parity_tests.check_faults.planting import PORTS

NETWORKS = {
    "convnet": ("jax", "tf", "jittor"),
    "autoencoder": ("jax", "tf", "jittor"),
    "perceptron": ("jax", "tf", "jittor", "numpy"),
}


@dataclass(frozen=True)
class Nearest:
    """The worst error of a phase, as a share of its bound."""

    seed: int
    comparison: Comparison

    @property
    def share(self) -> float:
        """Above 1 it is an alarm, and a false one: the port is right."""
        error, bound = self.comparison.error, self.comparison.bound
        return float("inf") if error is None else error / bound


def measure(network: str, seeds: Sequence[int], others: Sequence[str] = ()) -> Iterator[Nearest]:
    """Every comparison of ports with PyTorch's, in both types; processes serve all seeds."""
    names = ["torch", *(others or NETWORKS[network])]
    ports = [PortFile(name, name, PORTS / f"{network}_{name}.py") for name in names]
    options = Options(ports=ports, reference="torch", steps=2)
    with TemporaryDirectory(prefix="alarms-") as folder, ExitStack() as stack:
        crews = [
            stack.enter_context(Crew(ports, dtype, Path(folder), timeout=options.timeout))
            for dtype in options.dtypes
        ]
        for seed in seeds:
            for comparison in _compared(crews, options, seed, Path(folder)):
                yield Nearest(seed, comparison)


def _compared(
    crews: Sequence[Crew], options: Options, seed: int, folder: Path
) -> Iterator[Comparison]:
    given = given_arrays(crews[0], options, seed, folder)
    judge: Judge | None = None
    for crew in crews:
        experiment = Experiment(crew, options, given, lambda words: None)
        experiment.run_freely()
        if judge is None:
            judge = experiment.judge()
        else:
            judge = replace(judge, dtype=crew.dtype, noise=experiment.noise())
        for name, run in experiment.runs.items():
            if name != "torch":
                made, _ = judge.compare_freely(name, run)
                yield from (each for each in made if not _is_accepted(each))


def _is_accepted(comparison: Comparison) -> bool:
    """What right ports differ in: the unbiased running variance, and Jittor's numbers."""
    key = comparison.key
    scalar = comparison.port == "jittor" and comparison.reason == "shape (1,), not ()"
    return key.base.endswith("running_var") or (key.phase == "loss" and scalar)


def nearest(found: Iterator[Nearest]) -> dict[tuple[str, str, str], Nearest]:
    """The worst of each type, port and phase."""
    worst: dict[tuple[str, str, str], Nearest] = {}
    for each in found:
        place = each.comparison.dtype, each.comparison.port, each.comparison.key.phase
        if place not in worst or each.share > worst[place].share:
            worst[place] = each
    return worst
