"""The environments that .constraints/matrix.toml declares."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import ROOT, UsageError, unknown
from common.backends import BACKENDS, DISTRIBUTIONS
from common.systems import find_system

FILE = ROOT / ".constraints" / "matrix.toml"
PINNED = "pinned"  # the environment that runs the command: constraints.txt
_PIN = re.compile(r"([A-Za-z0-9][\w.-]*)==([\w.!+]+)")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True)
class Environment:
    """What one environment holds, and what is recorded in it."""

    name: str
    about: str
    python: str  # as in "3.12"
    packages: tuple[str, ...]  # as in "jax==0.12.0"
    systems: tuple[tuple[str, tuple[str, ...]], ...] = ()  # fewer, by backend
    newest: tuple[str, ...] = ()  # the packages that are pinned to their newest release

    @property
    def pins(self) -> dict[str, str]:
        """Version by package."""
        return dict(package.split("==") for package in self.packages)

    @property
    def backends(self) -> list[str]:
        """The backends whose framework it holds."""
        return [name for name in BACKENDS if set(DISTRIBUTIONS[name]) & set(self.pins)]


def declared(file: Path = FILE) -> list[Environment]:
    """Every declared environment.

    Raises:
        UsageError: the file cannot be read, or says something that cannot be carried out.
    """
    try:
        tables = tomllib.loads(file.read_text())
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file}: {error}") from None
    return [_environment(file, name, table) for name, table in tables.items()]


def choose(environments: list[Environment], names: str) -> list[Environment]:
    """Those of a comma-separated list of names, or all for "".

    Raises:
        UsageError: one of them is not declared.
    """
    by_name = {environment.name: environment for environment in environments}
    for name in (wanted := [part.strip() for part in names.split(",") if part.strip()]):
        if name not in by_name:
            raise unknown("environment", name, by_name)
    return [by_name[name] for name in dict.fromkeys(wanted)] if wanted else environments


def _environment(file: Path, name: str, table: Any) -> Environment:
    def refuse(reason: str) -> UsageError:
        return UsageError(f"{file}: [{name}] {reason}")

    keys = {"about": str, "python": str, "packages": list}
    if not isinstance(table, dict) or set(table) - {*keys, "systems", "newest"}:
        raise refuse("may hold about, python, packages, systems and newest only")
    for key, kind in keys.items():
        if not isinstance(table.get(key), kind):
            raise refuse(f"needs {key}, a {'list' if kind is list else 'text'}")
    if not _NAME.fullmatch(name) or name == PINNED:
        raise refuse("is not a name of small letters, digits and - that is still free")
    if not re.fullmatch(r"3\.\d+", table["python"]):
        raise refuse(f'python = "{table["python"]}" is not a version like "3.12"')
    for package in table["packages"]:
        if not isinstance(package, str) or not _PIN.fullmatch(package):
            raise refuse(f"{package!r} is not pinned like numpy==1.26.4")
    systems = tuple((key, tuple(names)) for key, names in table.get("systems", {}).items())
    packages, newest = tuple(table["packages"]), tuple(table.get("newest", ()))
    made = Environment(name, table["about"], table["python"], packages, systems, newest)
    for each in (system for _, names in systems for system in names):
        find_system(each)
    if not made.backends or len(made.pins) < len(made.packages):
        raise refuse("holds no framework, or one package twice")
    if strange := set(dict(systems)) - set(made.backends):
        raise refuse(f"names systems for {', '.join(sorted(strange))}, which it does not hold")
    if strange := set(newest) - set(made.pins):
        raise refuse(f"calls {', '.join(sorted(strange))} newest, which it does not pin")
    return made
