"""A mistake in a port as a change of its text, and a check of several of them at a time."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from common import UsageError
from common.check.check import check
from common.check.options import Options
from common.check.outcome import Outcome
from common.check.ports import PortFile

PORTS = Path(__file__).parent.parent / "check_ports"
# Right ports differ in these: PyTorch alone averages the unbiased variance.
ACCEPTED = ("running-variance", "scalars")
TOGETHER = 4  # faults in one check, each in a port of its own beside the right one


@dataclass(frozen=True)
class Fault:
    """A mistake, and what a user would want to be told of it.

    Attributes:
        changes: Old and new text, each old one once in the file.
        places: Phases, each with the layers one of which the first sentence has to name: "forward:
            conv2 or bn1, loss: loss"; "update: *" where any will do.
        words: One of these has to be in what it looks like, if that is said at all.
        row: The entry of the catalogue, where one describes the mistake.
    """

    framework: str
    network: str
    name: str
    changes: tuple[tuple[str, str], ...]
    places: str
    words: tuple[str, ...] = ()
    row: str = ""

    def write(self, path: Path) -> Path:
        """The wrong port as a file."""
        text = (PORTS / f"{self.network}_{self.framework}.py").read_text()
        for old, new in self.changes:
            assert text.count(old) == 1, f"{self.name}: {text.count(old)} times {old!r}"
            text = text.replace(old, new)
        path.write_text(text)
        return path


@dataclass(frozen=True)
class Verdict:
    """What became of a fault."""

    fault: Fault
    sentence: str
    caught: bool
    placed: bool
    hint: str  # "right", "none" or "WRONG"


def verdicts(faults: Sequence[Fault]) -> Iterator[list[Verdict]]:
    """Several at a time, those of one framework and network together."""
    order = sorted(faults, key=lambda fault: (fault.framework, fault.network))
    for _, alike in groupby(order, key=lambda fault: (fault.framework, fault.network)):
        while batch := list(islice(alike, TOGETHER)):
            yield _checked_apart(batch)


def _checked_apart(faults: Sequence[Fault]) -> list[Verdict]:
    """The same, one at a time where they cannot be compared together."""
    try:
        return checked(faults)
    except UsageError as error:
        if len(faults) > 1:
            return [verdict for fault in faults for verdict in _checked_apart([fault])]
        return [Verdict(faults[0], f"refused: {error}", True, False, "none")]


def checked(faults: Sequence[Fault]) -> list[Verdict]:
    """The verdicts on faults in ports of one framework and network, against the right port."""
    framework, network = faults[0].framework, faults[0].network
    other = "jax" if framework == "torch" else "torch"
    with TemporaryDirectory(prefix="faults-") as folder:
        ports = [
            PortFile(f"wrong{i}", framework, fault.write(Path(folder) / f"wrong{i}.py"))
            for i, fault in enumerate(faults)
        ]
        right = PortFile("right", other, PORTS / f"{network}_{other}.py")
        outcome = check(
            Options(
                ports=[right, *ports],
                reference="right",
                dtypes=("float64",),
                steps=2,
                accept=ACCEPTED,
            )
        )
    return [_verdict(fault, port.name, outcome) for fault, port in zip(faults, ports, strict=True)]


def _verdict(fault: Fault, port: str, outcome: Outcome) -> Verdict:
    found = [finding for finding in outcome.findings if finding.first.port == port]
    if not found:
        said = [p.message for p in outcome.problems if p.port in (port, "right")]
        return Verdict(fault, said[0] if said else "no finding", bool(said), False, "none")
    first = found[0]
    place = first.sentence.partition("; looks like ")[0]
    placed = any(
        phase == first.first.key.phase and _names(place, layers) for phase, layers in _places(fault)
    )
    hint = "none"
    if first.looks_like:
        text = f"{first.looks_like} {first.remedy}".lower()
        fits = any(words.lower() in text for words in fault.words)
        hint = "right" if fits and first.difference in ("", fault.row) else "WRONG"
    row = f" [{first.difference}]" if first.difference else ""
    return Verdict(fault, first.sentence + row, True, placed, hint)


def _places(fault: Fault) -> Iterator[tuple[str, list[str]]]:
    for place in fault.places.split(", "):
        phase, _, layers = place.partition(": ")
        yield phase, layers.split(" or ")


def _names(sentence: str, layers: Sequence[str]) -> bool:
    """Whether a sentence names one of the layers, or any will do."""
    return any(
        layer == "*" or re.search(rf"(?<![\w.]){re.escape(layer)}(?!\w)", sentence)
        for layer in layers
    )
