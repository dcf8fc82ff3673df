"""What the fixture `rosetta_check` calls; rosetta_pytest.py at the top defines the fixture."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from common import UsageError, unknown
from common.check.check import check
from common.check.options import Options
from common.check.outcome import Outcome
from common.check.ports import PortFile, parse_ports
from common.check.reports.report_text import as_text
from common.files import check_file

DTYPES = {"both": ("float64", "float32"), "float64": ("float64",), "float32": ("float32",)}


@dataclass(frozen=True)
class Check:
    """Compares ports; file names are relative to `folder`, reports `width` columns wide."""

    folder: Path
    width: int

    def __call__(
        self,
        *ports: str,
        steps: int = 3,
        seed: int = 0,
        dtype: str = "both",
        reference: str | None = None,
        python: Sequence[str] = (),
        weights: str | Path | None = None,
        inputs: str | Path | None = None,
        trace: bool = True,
        timeout: float = 300.0,
    ) -> Outcome:
        """The outcome if the ports agree; else the test fails, the headline first.

        Args:
            *ports: Texts such as "torch:my_torch.py", "old=torch:my_torch.py" or "check.toml".
            steps: How many steps each run takes.
            seed: Of the weights and inputs that a port draws.
            dtype: float32, float64 or both.
            reference: The port to judge by; None for the median of three or more, or the first.
            python: Texts such as "jax=/path/to/python", by port or by framework.
            weights: A safetensors file in place of a port's function `weights`.
            inputs: A safetensors file in place of `inputs`.
            trace: Whether to look inside the networks that `build` returns.
            timeout: Seconds that one run may take.
        """
        __tracebackhide__ = True
        try:
            if dtype not in DTYPES:
                raise unknown("dtype", dtype, DTYPES)
            if steps < 1:
                raise UsageError(f"steps={steps}: a comparison takes at least one step")
            outcome = check(
                Options(
                    ports=self._ports(ports, python),
                    steps=steps,
                    seed=seed,
                    dtypes=DTYPES[dtype],
                    trace=trace,
                    reference=reference,
                    weights=self._file(weights),
                    inputs=self._file(inputs),
                    timeout=timeout,
                )
            )
        except UsageError as error:
            failure = f"rosetta_check: {' '.join(str(error).split())}"
        else:
            if outcome.status == 0:
                return outcome
            failure = as_text(outcome, self.width)
        pytest.fail(failure, pytrace=False)

    def _ports(self, ports: Sequence[str], python: Sequence[str]) -> list[PortFile]:
        return parse_ports([self._located(spec) for spec in ports], python)

    def _located(self, spec: str) -> str:
        """The text of a port with its file relative to the test's folder."""
        before, colon, file = spec.rpartition(":")
        return f"{before}{colon}{self.folder / file}"

    def _file(self, path: str | Path | None) -> Path | None:
        return None if path is None else check_file(self.folder / path)
