"""What a comparison finds: its results, what it left out, and whether it is complete."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from common.parity.cases import Case


class Run(NamedTuple):
    """Who computed a recording: the column of a report."""

    backend: str
    version: str
    device: str
    dtype: str
    file: str = ""  # where the others do not tell two recordings apart

    def __str__(self) -> str:
        version = self.version.partition("+")[0]
        parts = (self.backend, version, self.device, self.dtype, self.file and f"({self.file})")
        return " ".join(filter(None, parts))


@dataclass(frozen=True)
class Result:
    """A tensor of one run compared with the float64 reference."""

    system: str
    loss: str
    kind: str
    quantity: str
    tensor: str
    backend: str
    version: str
    device: str
    dtype: str
    file: str
    step: int
    order: int  # when it is computed, among the tensors of its case
    phase: str  # of the computation
    error: float | None  # None where nothing could be measured: `reason` says why
    bound: float
    ok: bool
    reason: str = ""

    @property
    def run(self) -> Run:
        """Who computed it."""
        return Run(self.backend, self.version, self.device, self.dtype, self.file)

    @property
    def case(self) -> str:
        """What was run, as in "wgan_gp (wasserstein_gp, reduced)"."""
        return f"{self.system} ({self.loss}, {self.kind})"


@dataclass
class Comparison:
    """All results, what was left out and why, and how many comparisons there should be."""

    results: list[Result] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    noisy_elements: dict[str, int] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)  # in the order in which they arose
    expected: int = 0
    made: int = 0
    environments: dict[str, Mapping[str, str]] = field(default_factory=dict)
    cpu_seconds: dict[str, float] = field(default_factory=dict)  # by recording

    @property
    def ok(self) -> bool:
        """Whether every result passed and none is missing."""
        complete = self.made == self.expected > 0
        return complete and all(result.ok for result in self.results)

    def note(self, text: str) -> None:
        """Keep what a reader must know, once."""
        self.notes[text] = None

    def add(self, other: "Comparison") -> None:
        """Add the results of another comparison, of other cases."""
        self.results += other.results
        self.left_out |= other.left_out
        self.noisy_elements |= other.noisy_elements
        self.notes |= other.notes
        self.expected += other.expected
        self.made += other.made
        self.environments |= other.environments
        self.cpu_seconds |= other.cpu_seconds


def failed_recording(case: Case, run: Run, reason: str) -> Result:
    """The result that says why a whole recording could not be judged."""
    return Result(
        system=case.label,
        loss=case.system.loss.name,
        kind=case.kind,
        quantity="recording",
        tensor="*",
        **run._asdict(),
        step=0,
        order=-1,
        phase="not judged",
        error=None,
        bound=0.0,
        ok=False,
        reason=reason,
    )
