"""Which versions of some requirements fit together on Linux and x86-64: uv reads metadata alone.

pip's own resolver gives the same answers, but downloads whole wheels for some of them.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from common import ROOT, UsageError
from common.setup.installers import CERTIFICATES, pip_settings

PLATFORM = "x86_64-manylinux_2_28"
SECONDS = 600  # that one resolution may take
OURS = ROOT / ".venv-matrix" / "uv" / "bin" / "uv"  # where `make` puts one
_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==(\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Resolution:
    """The versions that fit together, or why none do."""

    versions: dict[str, str] = field(default_factory=dict)  # by normalised name
    problem: str = ""
    is_conflict: bool = False  # else the index did not answer, or knows no such version


def find_uv() -> str:
    """The program.

    Raises:
        UsageError: there is none.
    """
    found = str(OURS) if OURS.exists() else shutil.which("uv")
    if found is None:
        raise UsageError("this needs uv, not installed here; pip install uv")
    return found


def resolve(
    requirements: Sequence[str], *, python: str, constraints: Path | None = None
) -> Resolution:
    """What would be installed for a version of Python, as in "3.12", which need not be here.

    pip's files of wheels and constraints are left out: what is asked is what the index has.
    """
    command = [
        find_uv(),
        "pip",
        "compile",
        "--quiet",
        "--no-header",
        "--no-annotate",
        "--no-config",
    ]
    command += ["--python-version", python, "--python-platform", PLATFORM, "-"]
    command += ["--constraint", str(constraints)] if constraints else []
    try:
        done = subprocess.run(
            command,
            input="\n".join(requirements),
            env={**os.environ, **_variables()},
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return Resolution(problem=f"no answer within {SECONDS} s")
    return Resolution(_versions(done.stdout)) if done.returncode == 0 else _failure(done.stderr)


def normalised(name: str) -> str:
    """A package's name as indexes write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _variables() -> dict[str, str]:
    """pip's index and certificates, as uv is told of them."""
    settings = pip_settings()
    names = {"index-url": "UV_DEFAULT_INDEX", CERTIFICATES: "SSL_CERT_FILE"}
    return {variable: settings[key] for key, variable in names.items() if key in settings}


def _versions(output: str) -> dict[str, str]:
    return {normalised(name): version for name, version in _PIN.findall(output)}


def _failure(output: str) -> Resolution:
    """Why there is no solution, in uv's words on one line."""
    words = " ".join(re.sub(r"[×╰─▶│]", " ", output).split())
    reason = re.sub(r"^.*No solution found when resolving dependencies( cause)?:", "", words)
    is_conflict = reason != words and ("incompatible" in reason or "unsatisfiable" in reason)
    # A version that does not exist is a mistake in what was asked.
    is_conflict &= "depend" in reason
    return Resolution(problem=reason.strip() or "no output", is_conflict=is_conflict)
