"""What a comparison of ports comes to: comparisons, findings in words, notes and problems."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from common.check.ports import PortFile
from common.check.runs import Key


@dataclass(frozen=True)
class Comparison:
    """One array of one port beside the reference's."""

    port: str
    dtype: str
    key: Key
    error: float | None  # normwise; None where it cannot be measured
    bound: float
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Whether the two agree."""
        return self.error is not None and self.error <= self.bound

    @property
    def size(self) -> str:
        """How far they are apart, in words."""
        return self.reason or f"error {self.error:.1e}, bound {self.bound:.0e}"


@dataclass(frozen=True)
class Finding:
    """Where a port goes wrong by itself, and not because of what came before."""

    first: Comparison
    layer: str
    what: str  # "the output of conv2"
    also: tuple[str, ...] = ()  # what goes wrong with it
    steps: tuple[int, ...] = ()  # later ones at which it does so again
    looks_like: str = ""
    difference: str = ""  # the entry of the catalogue of differences
    remedy: str = ""

    def takes_in(self, other: "Finding") -> bool:
        """Whether another finding is of the same kind: a like update or statistic."""
        one, two = self.first, other.first
        if one.key.phase not in ("update", "statistics") or one.key.phase != two.key.phase:
            return False
        named = bool(other.looks_like)
        return one.key.step == two.key.step and (not named or other.remedy == self.remedy)

    @property
    def sentence(self) -> str:
        """Port, step, phase, layer, size and what it looks like."""
        key = self.first.key
        when = f"step {key.step}" if key.step else "before the first step"
        where = f"{self.first.port}: {when}, {key.phase}, {self.layer}"
        single = " in float32 alone" if self.first.dtype == "float32" else ""
        looks = f"; looks like {self.looks_like}" if self.looks_like else ""
        return f"{where}: {self.what} differs{single} ({self.first.size}){looks}"

    @property
    def together(self) -> str:
        """What goes wrong with it, in words; nothing if it is alone."""
        rest = f" and {len(self.also) - 4} more" if len(self.also) > 4 else ""
        return ", ".join(self.also[:4]) + rest

    @property
    def again(self) -> str:
        """The later steps at which it goes wrong again, in words."""
        return f"step{'s' * (len(self.steps) > 1)} {_listed(self.steps)}" if self.steps else ""

    @property
    def more(self) -> str:
        """What else belongs to it, in words."""
        parts = [f"with it: {self.together}"] if self.also else []
        return "; ".join([*parts, f"again at {self.again}"] if self.steps else parts)


@dataclass(frozen=True)
class Problem:
    """A port that could not be compared; `usage` is whether its file has to be mended."""

    port: str
    message: str
    usage: bool


@dataclass
class Outcome:
    """Everything that a report shows."""

    ports: Sequence[PortFile]
    seed: int
    steps: int
    reference: str = ""
    versions: dict[str, dict[str, str]] = field(default_factory=dict)
    comparisons: list[Comparison] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def status(self) -> int:
        """The exit status: 0 agreement, 1 disagreement or a failed process, 2 invalid input."""
        if any(problem.usage for problem in self.problems):
            return 2
        return int(bool(self.findings or self.problems))

    @property
    def headline(self) -> str:
        """The first line of every report."""
        if self.findings:
            return self.findings[0].sentence
        if self.problems:
            return self.problems[0].message
        names = _listed([port.name for port in self.ports])
        steps = f"{self.steps} step{'s' * (self.steps > 1)}"
        return f"{names} agree: {len(self.comparisons)} comparisons over {steps}"


def merged(findings: Iterable[Finding]) -> list[Finding]:
    """Findings with like updates and statistics in one."""
    kept: list[Finding] = []
    for finding in findings:
        home = next((i for i, other in enumerate(kept) if other.takes_in(finding)), None)
        if home is None:
            kept.append(finding)
        else:
            also = (*kept[home].also, finding.what, *finding.also)
            kept[home] = replace(kept[home], also=also)
    return kept


def _listed(parts: Sequence[object]) -> str:
    *most, last = map(str, parts)
    return f"{', '.join(most)} and {last}" if most else last
