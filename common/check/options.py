"""What to compare, and how thoroughly."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from common.check.ports import PortFile


@dataclass(frozen=True, kw_only=True)
class Options:
    """The ports, the arrays they are given, how many steps they take and in which types.

    Attributes:
        steps: How many steps each run takes.
        seed: Of the weights and inputs that a port draws.
        trace: Whether to look inside the networks that `build` returns.
        reference: The port to judge by; None for the median of three or more, else the first.
        weights: A safetensors file in place of a port's function `weights`.
        inputs: A safetensors file in place of `inputs`, the same at each step.
        accept: Entries of the catalogue of differences that are no findings.
        leave_out: Names of arrays that are not compared; `*` matches any text.
        timeout: Seconds that one run may take.
    """

    ports: Sequence[PortFile]
    steps: int = 3
    seed: int = 0
    dtypes: Sequence[str] = ("float64", "float32")
    trace: bool = True
    reference: str | None = None
    weights: Path | None = None
    inputs: Path | None = None
    accept: Sequence[str] = ()
    leave_out: Sequence[str] = ()
    timeout: float = 300.0
