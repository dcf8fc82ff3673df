"""Which port files to compare, under which names, and the interpreter that each needs."""

import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from common import ROOT, UsageError, unknown
from common.backends import BACKENDS, TITLES

FRAMEWORKS = ("numpy", *BACKENDS)


@dataclass(frozen=True)
class PortFile:
    """A port: what it is called in reports, its framework, its file and its interpreter."""

    name: str
    framework: str
    path: Path
    python: str = sys.executable

    @property
    def title(self) -> str:
        """The framework as it is written."""
        return TITLES.get(self.framework, "NumPy")

    @property
    def tracing(self) -> str | None:
        """The module that looks inside the framework's networks; None for NumPy."""
        if self.framework == "numpy":
            return None
        return str(ROOT / f"{self.framework}_impl" / "tracing.py")


def parse_ports(specs: Sequence[str], pythons: Sequence[str] = ()) -> list[PortFile]:
    """Ports from texts such as "torch:my_torch.py", "old=torch:my_torch.py" or "check.toml".

    `pythons` are texts such as "jax=/path/to/python", by name or by framework.

    Raises:
        UsageError: a text is none of these, a file does not exist, or two ports have one name.
    """
    ports = [port for spec in specs for port in _parsed(spec)]
    if len(ports) < 2:
        raise UsageError("name at least two ports, as in: rosetta check torch:a.py jax:b.py")
    ports = _named(ports)
    for text in pythons:
        ports = _with_python(ports, text)
    return [_checked(port) for port in ports]


def _parsed(spec: str) -> list[PortFile]:
    if spec.endswith(".toml") and ":" not in spec:
        return _from_toml(Path(spec))
    name, equals, rest = spec.partition("=")
    framework, colon, path = (rest if equals else spec).partition(":")
    if not colon or not path:
        raise UsageError(f"{spec}: write FRAMEWORK:FILE, as in torch:my_torch.py")
    return [PortFile(name if equals else "", _framework(framework), Path(path))]


def _from_toml(path: Path) -> list[PortFile]:
    """Ports from a table each: [ports.NAME] with framework, file and, if need be, python."""
    try:
        tables = tomllib.loads(path.read_text()).get("ports", {})
    except OSError:
        raise UsageError(f"{path}: no such file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not a TOML file ({error})") from None
    if not isinstance(tables, Mapping) or not tables:
        raise UsageError(f'{path}: has no ports; write [ports.NAME], framework = "jax", file = …')
    return [_from_table(path, name, table) for name, table in tables.items()]


def _from_table(path: Path, name: str, table: Any) -> PortFile:
    table = table if isinstance(table, Mapping) else {}
    for key in table:
        if key not in ("framework", "file", "python"):
            raise unknown(f"key of [ports.{name}] in {path}", key, ("framework", "file", "python"))
    if not {"framework", "file"} <= set(table):
        raise UsageError(f"{path}: [ports.{name}] needs framework and file")
    file = path.parent / str(table["file"])
    python = str(table.get("python", sys.executable))
    return PortFile(name, _framework(str(table["framework"])), file, python)


def _framework(name: str) -> str:
    if name not in FRAMEWORKS:
        raise unknown("framework", name, FRAMEWORKS)
    return name


def _named(ports: Iterable[PortFile]) -> list[PortFile]:
    """Ports without a name are called after their framework, or also after their file."""
    ports = list(ports)
    frameworks = Counter(port.framework for port in ports)
    chosen = [
        port if port.name else replace(port, name=_default_name(port, frameworks)) for port in ports
    ]
    twice = [name for name, count in Counter(port.name for port in chosen).items() if count > 1]
    if twice:
        raise UsageError(
            f"two ports are called {twice[0]!r}; name them, as in old=torch:a.py new=torch:a.py"
        )
    return chosen


def _default_name(port: PortFile, frameworks: Mapping[str, int]) -> str:
    one = frameworks[port.framework] == 1
    return port.framework if one else port.path.stem


def _with_python(ports: Sequence[PortFile], text: str) -> list[PortFile]:
    name, equals, python = text.partition("=")
    if not equals or not python:
        raise UsageError(f"--python {text}: write NAME=PATH, as in jax=/path/to/python")
    if not any(name in (port.name, port.framework) for port in ports):
        raise unknown("port in --python", name, [port.name for port in ports])
    return [
        replace(port, python=python) if name in (port.name, port.framework) else port
        for port in ports
    ]


def _checked(port: PortFile) -> PortFile:
    if not port.path.is_file():
        raise UsageError(f"{port.path}: no such file")
    if not Path(port.python).is_file():
        raise UsageError(
            f"{port.python}: no such interpreter; --python {port.name}=PATH names the python of an "
            "environment, as in .venv/bin/python"
        )
    return port
