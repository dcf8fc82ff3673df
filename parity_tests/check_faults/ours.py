"""Mistakes planted into our own ports, and what `rosetta parity` says of them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from common.parity.findings import findings
from parity_tests.check_faults.planting import Fault as PortFault
from parity_tests.check_faults.planting import Verdict
from parity_tests.faults.planting import Fault, Judge, find_case
from parity_tests.test_planted_faults import FAULTS, MISSED


def planted(framework: str | None, name: str) -> list[Fault]:
    """The faults of a framework, or of all, with this text in their name.

    Those that show in no recorded number are left out: other tests are for them.
    """
    return [
        fault
        for fault in FAULTS
        if framework in (None, fault.backend) and name in fault.name and str(fault) not in MISSED
    ]


def verdicts(faults: Sequence[Fault]) -> Iterator[Verdict]:
    """Each fault, recorded in its framework and compared with two others in float64."""
    with TemporaryDirectory(prefix="rosetta-faults-") as folder:
        judge = Judge(Path(folder))
        for fault in faults:
            with pytest.MonkeyPatch.context() as patch:
                fault.plant(patch)
                comparison = judge.judge(fault.backend, find_case(fault.case))
            yield _verdict(fault, findings(comparison.results))


def _verdict(fault: Fault, located: Sequence) -> Verdict:
    first = located[0] if located else None
    right = first is not None and (first.first.backend, first.phase) == (fault.backend, fault.phase)
    layer = not fault.layer or (first is not None and first.first.tensor == fault.layer)
    sentence = f"{first.phase}; {first.words}" if first else "nothing differs"
    return Verdict(
        fault=PortFault(fault.backend, fault.case, fault.name, (), ""),
        caught=first is not None,
        placed=right and layer,
        hint="none",
        sentence=sentence,
    )
