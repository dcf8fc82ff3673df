"""What a comparison finds: its rows, what it left out, and whether it is complete."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from common.comparison.cases import Case


@dataclass(frozen=True)
class Result:
    """One row of a report: a tensor of one backend held against the truth."""

    system: str
    loss: str
    width: str
    quantity: str
    tensor: str
    backend: str
    device: str
    dtype: str
    step: int
    error: float | None  # None where nothing could be measured: `reason` says why
    bound: float
    ok: bool
    reason: str = ""


@dataclass
class Comparison:
    """All rows, what was left out and why, and how many comparisons there should be."""

    results: list[Result] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    noisy_elements: dict[str, int] = field(default_factory=dict)
    expected: int = 0
    made: int = 0
    environments: dict[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether every row held and none is missing."""
        complete = self.made == self.expected > 0
        return complete and all(result.ok for result in self.results)


def failed_recording(case: Case, backend: str, device: str, dtype: str, reason: str) -> Result:
    """The row that says why a whole recording could not be judged."""
    return Result(
        system=case.label,
        loss=case.system.loss,
        width=case.width,
        quantity="recording",
        tensor="*",
        backend=backend,
        device=device,
        dtype=dtype,
        step=0,
        error=None,
        bound=0.0,
        ok=False,
        reason=reason,
    )
