"""Which entries of the catalogue of differences are about which listing."""

import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from common import ROOT

CATALOGUE = ROOT / "docs" / "differences.toml"
PAGE = "differences"  # the document that shows every entry under its name as an anchor


@dataclass(frozen=True)
class Entry:
    """An entry of docs/differences.toml, as seen from one listing.

    Attributes:
        name: Its name, which is its anchor too: link `differences.html#name`, or the label `name`.
        title: One line.
        topic: As in docs/differences.toml, such as losses.
        ways: What each framework does of which it says something, in the catalogue's order.
        silent: Whether no framework raises an error or warns where the entry bites.
        fragment: The lines that contain it, in any of the four listings, are what it is about.
    """

    name: str
    title: str
    topic: str
    ways: dict[str, str]
    silent: bool
    fragment: str

    @property
    def target(self) -> str:
        """Where it stands, from the root of the site."""
        return f"{PAGE}.html#{self.name}"


def read_catalogue() -> list[dict[str, Any]]:
    """The entries of docs/differences.toml, in its order."""
    return _read(CATALOGUE.stat().st_mtime_ns)


def touching(name: str) -> list[Entry]:
    """The entries that touch a public name such as losses.gradient_penalty, in their order."""
    return [
        Entry(
            name=entry["name"],
            title=entry["title"],
            topic=entry["topic"],
            ways=entry["ways"],
            silent=entry["silent"],
            fragment=entry["touches"][name],
        )
        for entry in read_catalogue()
        if name in entry.get("touches", {})
    ]


@cache
def _read(changed: int) -> list[dict[str, Any]]:
    """The entries, read again if the file has changed, as a server that rebuilds needs it."""
    entries: list[dict[str, Any]] = tomllib.loads(CATALOGUE.read_text("utf-8"))["difference"]
    return entries
