"""All planted mistakes, from a file for each framework."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common.backends import BACKENDS
from parity_tests.check_faults.planting import Fault

FOLDER = Path(__file__).parent


def _read(framework: str) -> Iterator[Fault]:
    for table in tomllib.loads((FOLDER / f"{framework}.toml").read_text())["fault"]:
        yield _fault(framework, **table)


def _fault(
    framework: str, *, network: str, name: str, places: str, row: str = "", **more: Any
) -> Fault:
    pairs = more.get("changes") or [(more["old"], more["new"])]
    changes = tuple((old, new) for old, new in pairs)
    return Fault(framework, network, name, changes, places, tuple(more.get("words", ())), row)


FAULTS = tuple(fault for framework in BACKENDS for fault in _read(framework))
