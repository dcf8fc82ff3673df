"""Which entries of the catalogue of differences are about which listing."""

import json
import tomllib
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any

from common import ROOT
from common.backends import BACKENDS

CATALOGUE = ROOT / "docs" / "differences.toml"
STORED_RUNS = ROOT / "docs" / "results" / "differences.json"
PAIRS = tuple(combinations(BACKENDS, 2))
PAGE = "differences"  # the document that shows every entry under its name as an anchor


@dataclass(frozen=True)
class Entry:
    """An entry of docs/differences.toml, as seen from one listing.

    Attributes:
        name: Its name, which is its anchor too: link `differences.html#name`, or the label `name`.
        title: One line.
        ways: What each framework does of which it says something, in the catalogue's order.
        pairs: The frameworks that behave differently there, two at a time, as in torch-jax.
        fragment: The lines that contain it, in any of the four listings, are what it is about.
    """

    name: str
    title: str
    ways: dict[str, str]
    fragment: str
    pairs: tuple[str, ...]

    @property
    def target(self) -> str:
        """Where it stands, from the root of the site."""
        return f"{PAGE}.html#{self.name}"


def read_catalogue() -> list[dict[str, Any]]:
    """The entries of docs/differences.toml, in its order."""
    return _read(CATALOGUE.stat().st_mtime_ns)


def stored_runs() -> dict[str, dict[str, Any]]:
    """What the tests measured when they were last stored, by the name of the test."""
    return _runs(STORED_RUNS.stat().st_mtime_ns)


def test_of(entry: dict[str, Any]) -> str:
    """The name of the function that pins an entry."""
    name: str = entry["test"].partition("::")[2]
    return name


def differ(entry: dict[str, Any], one: str, other: str) -> bool:
    """Whether two frameworks behave differently in an entry, by its groups of those alike."""
    group = {name: i for i, names in enumerate(entry["alike"]) for name in names.split()}
    return group.get(one, 0) != group.get(other, 0)


def touching(name: str) -> list[Entry]:
    """The entries that touch a public name such as losses.gradient_penalty, in their order."""
    return [
        Entry(
            name=entry["name"],
            title=entry["title"],
            ways=entry["ways"],
            fragment=entry["touches"][name],
            pairs=tuple("-".join(pair) for pair in PAIRS if differ(entry, *pair)),
        )
        for entry in read_catalogue()
        if name in entry.get("touches", {})
    ]


# By the time of the last change: a server that rebuilds the book sees the new file.
@cache
def _read(changed: int) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = tomllib.loads(CATALOGUE.read_text("utf-8"))["difference"]
    return entries


@cache
def _runs(changed: int) -> dict[str, dict[str, Any]]:
    runs: dict[str, dict[str, Any]] = json.loads(STORED_RUNS.read_text("utf-8"))
    return runs
