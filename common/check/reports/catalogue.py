"""The entries of the catalogue of differences that a finding may name."""

import tomllib
from functools import cache

from common import ROOT, unknown

PAGE = "docs/differences.html"


@cache
def titles() -> dict[str, str]:
    """The titles of all entries by name; none where this copy has no catalogue."""
    try:
        entries = tomllib.loads((ROOT / "docs" / "differences.toml").read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        return {}
    return {entry["name"]: entry["title"] for entry in entries["difference"]}


def title_of(name: str) -> str:
    """The title of an entry; nothing where there is no such entry or no catalogue."""
    return titles().get(name, "")


def check_entry(name: str) -> str:
    """The name itself.

    Raises:
        UsageError: the catalogue has no such entry.
    """
    if titles() and name not in titles():
        raise unknown("entry of the catalogue of differences", name, titles())
    return name
