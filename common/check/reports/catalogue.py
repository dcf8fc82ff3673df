"""The entries of the catalogue of differences that a finding may name."""

import tomllib
from functools import cache

from common import ROOT

PAGE = "docs/differences.html"


@cache
def title_of(name: str) -> str:
    """The title of an entry; nothing where this copy has no catalogue or no such entry."""
    try:
        entries = tomllib.loads((ROOT / "docs" / "differences.toml").read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        return ""
    return next((e["title"] for e in entries["difference"] if e["name"] == name), "")
