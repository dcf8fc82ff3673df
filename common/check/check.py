"""Compare ports of a user's own model, and find where each first goes wrong."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from common import UsageError, unknown
from common.check.arrays import Given
from common.check.crew import Crew
from common.check.experiment import Experiment, Say, failures, given_arrays
from common.check.finder import Finder
from common.check.judge import ZERO, Judge
from common.check.options import Options
from common.check.outcome import Outcome, Problem, merged
from common.check.reports.catalogue import check_entry
from common.check.requirements import require_known, require_shapes, single_in_double
from common.check.runs import Key, Run
from common.check.sessions import PortError


def check(options: Options, say: Say = lambda words: None) -> Outcome:
    """Run all ports on the same arrays and compare what they compute, step by step.

    A port that fails is named in the outcome's problems, and the others finish.

    Raises:
        UsageError: fewer than two ports can be compared, or what they compute cannot be.
    """
    names = [port.name for port in options.ports]
    if options.reference is not None and options.reference not in names:
        raise unknown("port in --reference", options.reference, names)
    for entry in options.accept:
        check_entry(entry)
    outcome = Outcome(options.ports, options.seed, options.steps)
    with TemporaryDirectory(prefix="rosetta-check-") as folder, ExitStack() as stack:
        try:
            _Check(options, Path(folder), say, outcome, stack).run()
        except PortError as error:
            _add_problem(outcome, error)
    return outcome


class _Check:
    """One comparison at work: its processes end with `stack`."""

    def __init__(
        self, options: Options, folder: Path, say: Say, outcome: Outcome, stack: ExitStack
    ) -> None:
        self.options, self.folder, self.say = options, folder, say
        self.outcome, self.stack = outcome, stack

    def run(self) -> None:
        """Judge float64 runs first, then float32 runs by the float64 reference."""
        crew = self._crew("float64")
        double = self._experiment(crew, self._given(crew, self.options.seed))
        judge = double.judge()
        require_known(self.options.leave_out, judge.reference)
        self._describe(double, judge)
        judged = "float64" in self.options.dtypes
        for name, run in double.runs.items() if judged else ():
            if single_in_double(run):
                self._note(f"{name} computes in {_type_of(run)} although it is given float64")
                continue
            self._judge(double, judge, name)
        if "float32" in self.options.dtypes:
            self._run_in_single(double, judge)

    def _run_in_single(self, double: Experiment, reference: Judge) -> None:
        crew = self._crew("float32")
        single = self._experiment(crew, double.given)
        judge = replace(reference, dtype="float32", noise=single.noise())
        wrong = {finding.first.port for finding in self.outcome.findings}
        for name in single.runs:
            comparisons, harmless = judge.compare_freely(name, single.runs[name])
            known = {c.key for c in failures(self.outcome.comparisons) if c.port == name}
            self.outcome.comparisons += comparisons
            failing = [c for c in failures(comparisons) if c.key not in known]
            if name not in wrong and failing:
                confirmed = self._confirmed(double.crew, crew, name)
                failing = [c for c in failing if c.key in confirmed]
            if name not in wrong and failing:
                self._find(Finder(single, judge, name, failing, harmless))

    def _confirmed(self, double: Crew, single: Crew, name: str) -> set[Key]:
        """What fails in float32 with another seed, too: one kink is no finding."""
        given = self._given(double, self.options.seed + 1)
        other = self._experiment(double, given).judge()
        again = self._experiment(single, given)
        judge = replace(other, dtype="float32", noise=again.noise())
        return {c.key for c in failures(judge.compare_freely(name, again.runs[name])[0])}

    def _judge(self, experiment: Experiment, judge: Judge, name: str) -> None:
        comparisons, harmless = judge.compare_freely(name, experiment.runs[name])
        self.outcome.comparisons += comparisons
        failing = failures(comparisons)
        run, port = experiment.runs[name], experiment.crew.ports[name]
        require_shapes(failing, run, judge.reference, port)
        stored = experiment.stored.get(name, [])
        if failing or stored:
            self._find(Finder(experiment, judge, name, failing, harmless))

    def _find(self, finder: Finder) -> None:
        found = finder.findings()
        accepted = [finding for finding in found if finding.difference in self.options.accept]
        self.outcome.findings += merged(finding for finding in found if finding not in accepted)
        for finding in merged(accepted):
            self._note(f"accepted ({finding.difference}): {finding.sentence}")
        for note in finder.notes:
            self._note(note)

    def _given(self, crew: Crew, seed: int) -> Given:
        """The arrays of one seed, drawn in float64: a framework may draw others in float32."""
        self._require_two(crew)
        return given_arrays(crew, self.options, seed, self.folder)

    def _experiment(self, crew: Crew, given: Given) -> Experiment:
        """Free runs of all ports.

        Raises:
            UsageError: fewer than two are left.
            PortError: one that has to be mended.
        """
        self._require_two(crew)
        experiment = Experiment(crew, self.options, given, self.say)
        experiment.run_freely()
        self._require_two(crew)
        return experiment

    def _crew(self, dtype: str) -> Crew:
        self.say(f"starting {len(self.options.ports)} processes in {dtype}")
        crew = Crew(self.options.ports, dtype, self.folder, timeout=self.options.timeout)
        return self.stack.enter_context(crew)

    def _require_two(self, crew: Crew) -> None:
        for error in crew.problems:
            _add_problem(self.outcome, error)
        named = self.options.reference
        if len(crew.able) < 2 or (named and named not in crew.able):
            raise crew.problems[-1] if crew.problems else UsageError("fewer than two ports ran")

    def _describe(self, experiment: Experiment, judge: Judge) -> None:
        self.outcome.versions = experiment.crew.versions
        named, count = self.options.reference, len(experiment.runs)
        median = f"the median of {count} ports"
        self.outcome.reference = named or (median if count > 2 else experiment.primary)
        self.outcome.left_out |= dict.fromkeys(sorted(judge.zeros), ZERO)
        self.outcome.left_out |= dict.fromkeys(self.options.leave_out, "as asked")
        for note in experiment.notes:
            self._note(note)
        for name, run in experiment.runs.items():
            alone = {
                key.name
                for key in run.arrays
                if not key.is_input and not _is_shared(key, name, experiment)
            }
            if alone:
                self._note(f"only {name} has {', '.join(sorted(alone))}: not compared")

    def _note(self, words: str) -> None:
        if words not in self.outcome.notes:
            self.outcome.notes.append(words)


def _add_problem(outcome: Outcome, error: PortError) -> None:
    """A port's first problem; what it also fails at is not said."""
    if all(problem.port != error.port.name for problem in outcome.problems):
        outcome.problems.append(Problem(error.port.name, str(error), error.usage))


def _is_shared(key: Key, name: str, experiment: Experiment) -> bool:
    others = (run for other, run in experiment.runs.items() if other != name)
    return any(key in run.arrays for run in others)


def _type_of(run: Run) -> str:
    types = {own.dtype for key, own in run.own.items() if key.phase in ("forward", "loss")}
    return " and ".join(sorted(types))
