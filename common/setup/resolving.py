"""What pip would install of some requirements: it reads metadata and installs nothing."""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

SECONDS = 900  # that one resolution may take


@dataclass(frozen=True)
class Resolution:
    """The versions that pip chose, or why there are none."""

    versions: dict[str, str] = field(default_factory=dict)  # by normalised name
    problem: str = ""
    is_conflict: bool = False  # else pip itself failed: no index, no such option


def resolve(
    requirements: Sequence[str], *, python: str = sys.executable, constraints: Path | None = None
) -> Resolution:
    """Ask the pip of some Python, as if nothing were installed there."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        command += ["--dry-run", "--ignore-installed", "--report", str(report)]
        command += ["-c", str(constraints)] if constraints else []
        try:
            done = subprocess.run(
                [*command, *requirements],
                capture_output=True,
                text=True,
                check=False,
                timeout=SECONDS,
                stdin=subprocess.DEVNULL,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return Resolution(problem=str(error))
        if done.returncode == 0:
            return Resolution(versions(json.loads(report.read_text())))
    return failure(done.stderr)


def versions(report: Any) -> dict[str, str]:
    """Version by package in a report of pip's."""
    each = (item["metadata"] for item in report["install"])
    return {normalised(data["name"]): data["version"] for data in each}


def failure(output: str) -> Resolution:
    """Why pip did not resolve, from its error output."""
    errors = re.findall(r"^ERROR: (.*)$", output, re.MULTILINE)
    clash = next((line for line in errors if line.startswith("Cannot install")), "")
    is_conflict = bool(clash) or any("ResolutionImpossible" in line for line in errors)
    words = clash or next(iter(errors), "") or (output.strip().splitlines() or ["no output"])[-1]
    return Resolution(problem=words, is_conflict=is_conflict)


def normalised(name: str) -> str:
    """A package's name as indexes write it."""
    return re.sub(r"[-_.]+", "-", name).lower()
