"""What goes wrong by itself in one port, once a second run is fed the reference's arrays."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from common.check.experiment import Experiment, failures
from common.check.judge import Judge
from common.check.outcome import Comparison, Finding
from common.check.placing import Origin, Placing
from common.check.runs import Key, Run
from common.check.sessions import PortError
from common.check.stored_layouts import Stored
from common.check.words import found

PLACES = "the same numbers in other places"


@dataclass
class Finder:
    """One port whose free run fails somewhere, or stores a parameter in a layout of its own."""

    experiment: Experiment
    judge: Judge
    name: str
    failing: Sequence[Comparison]
    harmless: set[Key]
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.free = self.experiment.runs[self.name]
        self.stored = self.experiment.stored.get(self.name, [])
        parameters = self.experiment.runs[self.experiment.primary].parameters
        self.placing = Placing(list(self.judge.reference), parameters)

    def findings(self) -> list[Finding]:
        """The failures that nothing before them explains, in words."""
        fed = self._fed()
        again = failures(self.judge.compare(self.name, fed)) if fed else []
        again = [comparison for comparison in again if comparison.key not in self.harmless]
        wrong = [stored for stored in self.stored if self._enters_wrong(stored, again)]
        self._note_layouts(wrong)
        misplaced = [
            Comparison(self.name, self.judge.dtype, stored.key, None, 0.0, PLACES)
            for stored in wrong
        ]
        failing = [*misplaced, *again]
        alike = bool(again and self.failing) and again[0].key[:2] == self.failing[0].key[:2]
        if self.failing and not wrong and not alike:
            # It goes wrong on its own arrays alone.
            fed, failing = None, list(self.failing)
        if self.failing and (fed is None or not self._listens(again)):
            failing = [c for c in failing if c.key[1:] == failing[0].key[1:]]
            self._note_what_follows()
        return self._placed(failing, fed or self.free, wrong)

    def _placed(
        self, failing: Sequence[Comparison], run: Run, wrong: Sequence[Stored]
    ) -> list[Finding]:
        """The origins in words; one that is accepted explains nothing but its own array."""
        accept, alone = self.experiment.options.accept, self.placing.alone
        while True:
            placing = replace(self.placing, alone=set(alone), origins=[])
            found = [self._worded(origin, run, wrong) for origin in placing.place(failing)]
            accepted = (f.first.key for f in found if f.difference in accept)
            alone |= {(key.phase, key.name) for key in accepted}
            if alone == placing.alone:
                return found

    def _fed(self) -> Run | None:
        try:
            return self.experiment.fed(self.name, self.judge.reference, self.harmless)
        except PortError as error:
            self.notes.append(f"{self.name} cannot go on with the reference's arrays: {error}")
            return None

    def _listens(self, again: Sequence[Comparison]) -> bool:
        """Whether the port goes on with the arrays that it is fed."""
        return bool(self.experiment.crew.networks[self.name]) or len(again) < len(self.failing)

    def _enters_wrong(self, stored: Stored, again: Sequence[Comparison]) -> bool:
        """Whether an unusual layout is a mistake: the parameter's layer computes something else."""
        layer = self.placing.layer(stored.key)
        traced = {key.base for key in self.placing.reference if key.phase == "forward"}
        if layer in traced:
            return any(c.key.phase == "forward" and c.key.base == layer for c in again)
        return any(c.key.phase in ("forward", "loss") for c in self.failing)

    def _worded(self, origin: Origin, run: Run, wrong: Sequence[Stored]) -> Finding:
        key = origin.first.key
        finding = found(
            origin,
            run if key in run.arrays else self.free,
            self.judge.reference,
            noise=self.judge.noise.get(key, 0.0),
            inputs=self.experiment.given.inputs,
            parameters=self.placing.parameters,
            framework=self.experiment.crew.ports[self.name].framework,
        )
        stored = next((stored for stored in wrong if stored.key == key), None)
        return finding if stored is None else _misplaced(finding, stored)

    def _note_layouts(self, wrong: Sequence[Stored]) -> None:
        for stored in self.stored:
            if stored not in wrong:
                self.notes.append(
                    f"{self.name} stores {stored.key.name} {stored.usual.words}; its layer agrees, "
                    "so it is compared in that layout"
                )

    def _note_what_follows(self) -> None:
        if len(self.failing) > 1:
            self.notes.append(
                f"{self.name}: {len(self.failing) - 1} later arrays differ too, and may follow "
                "from the first; take back what yield returns (x = yield name, x) to tell them "
                "apart"
            )


def _misplaced(finding: Finding, stored: Stored) -> Finding:
    return replace(
        finding,
        looks_like=f"the reference's, {stored.usual.words}",
        difference=stored.row,
        remedy="lay it out in build as its layer expects it; it enters as "
        f"{stored.layout.declaration}, seen from the port",
    )
