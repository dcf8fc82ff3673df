"""Runs of all ports on the same arrays, in one floating-point type, and what they are judged by."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from common.check.arrays import Arrays, Given, draw
from common.check.crew import Crew, Feed
from common.check.judge import Judge, noise_of, reference_of, zero_gradients
from common.check.options import Options
from common.check.outcome import Comparison
from common.check.requirements import (
    align_phases,
    require_dependence,
    require_finite,
    require_same_names,
)
from common.check.runs import Key, Run, Values
from common.check.stored_layouts import Stored, rename, search
from common.files.tensors import read_tensors
from common.parity.bounds import CHECK_RUNS

Say = Callable[[str], None]


@dataclass
class Experiment:
    """All ports, given the arrays of one seed."""

    crew: Crew
    options: Options
    given: Given
    say: Say
    runs: dict[str, Run] = field(default_factory=dict)
    stored: dict[str, list[Stored]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def run_freely(self) -> None:
        """One run of each port as it is; parameters known by their values get their names."""
        self.say(f"running {', '.join(self.crew.able)} in {self.crew.dtype}")
        self.runs = self.crew.each(self.crew.able, self._free)
        align_phases(self.runs)
        first = self.runs.get(self.primary) if self.runs else None
        for name, run in self.runs.items():
            if first is not None and run is not first:
                self._tell_apart(name, run, first)

    @property
    def primary(self) -> str:
        """The port whose perturbed runs say what rounding errors do."""
        named = self.options.reference
        return named if named in self.runs else next(iter(self.runs))

    def judge(self) -> Judge:
        """What the float64 runs are judged by.

        Raises:
            PortError: what the ports compute cannot be compared.
            UsageError: they agree on nothing, or on what does not depend on the inputs.
        """
        ports = {name: self.crew.ports[name] for name in self.runs}
        require_same_names(self.runs, ports)
        reference = reference_of(self.runs, self.options.reference)
        require_finite(reference, ports[self.primary])
        zeros, unwanted = zero_gradients(reference), self.options.leave_out
        return Judge(self.crew.dtype, reference, self.noise(), zeros, unwanted)

    def noise(self) -> dict[Key, float]:
        """How far rounding errors of weights and inputs move each array of the first port."""
        name, run, dtype = self.primary, self.runs[self.primary], self.crew.dtype
        self.say(f"measuring what rounding errors do to {name} in {dtype}")
        inputs_alone = self._free(name, self.given.perturbed(dtype, 0, weights=False))
        if any(a.dtype.kind == "f" for inputs in self.given.inputs for a in inputs.values()):
            require_dependence(run, inputs_alone, self.crew.ports)
        perturbed = [
            self._free(name, self.given.perturbed(dtype, number, weights=True))
            for number in range(1, CHECK_RUNS[dtype])
        ]
        return noise_of(run, [inputs_alone, *perturbed])

    def fed(self, name: str, reference: Mapping[Key, Values], except_for: Iterable[Key]) -> Run:
        """A run of a port in which the reference's arrays take the place of its own."""
        self.say(f"feeding the reference's arrays to {name}")
        feed = Feed(self.runs[name], reference, except_for)
        run = self.crew.run(name, self.given, trace=self.options.trace, feed=feed)
        align_phases({"reference": self.runs[self.primary], name: run})
        return run

    def _free(self, name: str, given: Given | None = None) -> Run:
        return self.crew.run(name, given or self.given, trace=self.options.trace)

    def _tell_apart(self, name: str, run: Run, first: Run) -> None:
        names = self.crew.names[name]
        renamed = rename(run, names, first.arrays)
        if renamed:
            self.notes.append(f"{name}, told by value: {', '.join(renamed)}")
            run = self.crew.reload(name)
        self.stored[name] = search(run, names, first.arrays)
        self.runs[name] = self.crew.reload(name) if self.stored[name] else run
        align_phases({"first": first, name: self.runs[name]})


def given_arrays(crew: Crew, options: Options, seed: int, folder: Path) -> Given:
    """The weights and the inputs of each step.

    Raises:
        UsageError: no port draws them and no file holds them.
        PortError: the port that draws them fails.
    """
    sessions = [crew.sessions[name] for name in crew.able]

    def drawn(what: str, path: Path | None, *numbers: int) -> Arrays:
        if path is not None:
            return read_tensors(path)[0]
        return draw(what, sessions, crew.names, crew.defines, [seed, *numbers], folder)

    weights = drawn("weights", options.weights, 0)
    inputs = [drawn("inputs", options.inputs, step) for step in range(1, options.steps + 1)]
    return Given(weights, inputs)


def failures(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Those that do not agree."""
    return [comparison for comparison in comparisons if not comparison.ok]
