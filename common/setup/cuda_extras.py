"""Which builds for CUDA can share an environment: what is declared, shown and proved.

Run as `python -m common.setup.cuda_extras`, it asks the package index about each combination in
.constraints/cuda-extras.toml, and exits with 1 if one is not as declared.
"""

import re
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import ROOT, UsageError
from common.drawing.markdown import table
from common.setup.resolving import Resolution, resolve

CONSTRAINTS = ROOT / ".constraints"
FILE = CONSTRAINTS / "cuda-extras.toml"
TOGETHER, APART, CLASH = "together", "apart", "clash"
RESULTS = {TOGETHER: "yes", APART: "no: no versions fit", CLASH: "no: files overwrite each other"}
_FOR_CUDA = re.compile(r"(nvidia-[a-z-]+)-cu(\d+)")


@dataclass(frozen=True)
class Combination:
    """Requirements that somebody may want in one environment, and what becomes of that."""

    requirements: tuple[str, ...]
    python: tuple[str, ...]
    result: str
    why: str
    versions: Mapping[str, str]
    constraints: str = ""

    @property
    def title(self) -> str:
        """The requirements in words."""
        words = (each.replace(".[", "gan-rosetta[", 1) for each in self.requirements)
        return ", ".join(f"`{each}`" for each in words)


def declared(file: Path = FILE) -> list[Combination]:
    """Every combination in the file.

    Raises:
        UsageError: one of them is not complete, or contradicts itself.
    """
    tables = tomllib.loads(file.read_text()).get("combination", [])
    return [_combination(file, number, table) for number, table in enumerate(tables, 1)]


def markdown(combinations: list[Combination]) -> str:
    """The table of the book's page on cards."""
    rows = [
        [
            c.title + (f" with `.constraints/{c.constraints}`" if c.constraints else ""),
            ", ".join(c.python),
            RESULTS[c.result],
            ", ".join(f"{name} {version}" for name, version in c.versions.items()) or "–",
            c.why,
        ]
        for c in combinations
    ]
    return table(["in one environment", "Python", "fits", "versions", "why"], rows)


def found(resolution: Resolution) -> str:
    """What a resolution shows; "" if the index could not be asked."""
    if resolution.problem:
        return APART if resolution.is_conflict else ""
    matches = filter(None, map(_FOR_CUDA.fullmatch, resolution.versions))
    of_cuda: dict[str, set[str]] = {}
    for match in matches:
        of_cuda.setdefault(match[1], set()).add(match[2])
    return CLASH if any(len(versions) > 1 for versions in of_cuda.values()) else TOGETHER


def difference(combination: Combination, resolution: Resolution) -> str:
    """How a resolution differs from what is declared, "" if it does not."""
    result = found(resolution)
    if result != combination.result:
        return f"{result or 'not answered'}: {resolution.problem or resolution.versions}"
    wrong = {
        name: resolution.versions.get(name, "none")
        for name, version in combination.versions.items()
        if resolution.versions.get(name) != version
    }
    return ", ".join(f"{name} {version}" for name, version in wrong.items())


def prove(combinations: list[Combination]) -> int:
    """Ask the index about each, and print a line for it; 1 if one is not as declared."""
    failed = 0
    for combination in combinations:
        path = CONSTRAINTS / combination.constraints if combination.constraints else None
        wanted = [each.replace(".[", f"{ROOT}[", 1) for each in combination.requirements]
        for python in combination.python:
            resolution = resolve(wanted, python=python, constraints=path)
            problem = difference(combination, resolution)
            title = f"Python {python}: {combination.title.replace('`', '')}"
            title += f" -c {combination.constraints}" if path else ""
            failed += bool(problem)
            print(
                f"{title}: {f'NOT {combination.result}: {problem}' if problem else 'ok, '}", end=""
            )
            print("" if problem else combination.result, flush=True)
    return int(failed > 0)


def _combination(file: Path, number: int, table: Mapping[str, Any]) -> Combination:
    made = Combination(
        requirements=tuple(table.get("requirements", ())),
        python=tuple(table.get("python", ())),
        result=table.get("result", ""),
        why=table.get("why", ""),
        versions=table.get("versions", {}),
        constraints=table.get("constraints", ""),
    )
    if not (made.requirements and made.python and made.why) or made.result not in RESULTS:
        raise UsageError(f"{file}: combination {number} lacks requirements, python, result or why")
    if bool(made.versions) != (made.result == TOGETHER):
        raise UsageError(
            f"{file}: combination {number}: versions belong to what fits, and to it only"
        )
    return made


if __name__ == "__main__":
    try:
        sys.exit(prove(declared()))
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
