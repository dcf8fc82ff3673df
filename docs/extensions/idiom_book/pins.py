"""The catalogue of differences, and the tests that pin them."""

import ast
import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from common import ROOT
from common.backends import BACKENDS, TITLES

CATALOGUE = ROOT / "docs" / "differences.toml"
PROVEN = ROOT / "docs" / "results" / "differences.json"
TESTS = ROOT / "parity_tests"

ROW = """({anchor})=
### {title}

{text}

| framework | says |
|---|---|
{ways}

**Our ports:** {remedy}

**{verb}** with {versions}, on {date}{effects}

```{{pin}} {test}
```
"""


class Differences(SphinxDirective):
    """Every row of one topic of docs/differences.toml.

    A row whose test has no kept passing run fails the build.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """A section a row."""
        self.env.note_dependency(str(CATALOGUE))
        self.env.note_dependency(str(PROVEN))
        rows = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))["difference"]
        chosen = [row for row in rows if row["topic"] == self.arguments[0]]
        if not chosen:
            raise self.error(f"{CATALOGUE.name} has no row of topic {self.arguments[0]!r}")
        for row in chosen:
            if _name(row) not in _proven():
                raise self.error(f"{PROVEN.name} keeps no run of {row['test']}: pytest --save-pins")
        text = "\n".join(_section(row) for row in chosen)
        return self.parse_text_to_nodes(text, allow_section_headings=True)


class Pin(SphinxDirective):
    """The test that holds a statement, with its source and the versions it last passed on.

    A test that does not exist fails the build.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """A folded listing."""
        file, _, name = self.arguments[0].partition("::")
        found = _source_of(file, name)
        if found is None:
            raise self.error(f"parity_tests/{file} has no test {name!r}")
        path, source, line = found
        self.env.note_dependency(str(path))
        kept = _proven().get(name)
        passed = f"passed with {kept['versions']}" if kept else "part of `make test`"
        text = (
            f"::::{{dropdown}} Pinned by `{name}`\n:icon: pin\n\n"
            f"`parity_tests/{path.name}`, line {line}; {passed}.\n\n"
            f"```{{code-block}} python\n{source}\n```\n::::\n"
        )
        return self.parse_text_to_nodes(text)


def _section(row: dict[str, Any]) -> str:
    ways = [f"| {TITLES[name]} | {row['ways'][name]} |" for name in BACKENDS if name in row["ways"]]
    kept = _proven()[_name(row)]
    effects = [f"- {label}: {value:.3g}" for label, value in kept["effects"].items()]
    return ROW.format(
        anchor=row["name"],
        title=row["title"],
        text=row["text"],
        ways="\n".join(ways),
        remedy=row["remedy"],
        verb="Measured" if effects else "Proven",
        versions=kept["versions"],
        date=kept["date"],
        effects=":\n\n" + "\n".join(effects) if effects else ".",
        test=row["test"],
    )


def _name(row: dict[str, Any]) -> str:
    name: str = row["test"].partition("::")[2]
    return name


@cache
def _proven() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(PROVEN.read_text(encoding="utf-8"))
    return found


@cache
def _source_of(file: str, name: str) -> tuple[Path, str, int] | None:
    """Where a test function stands, its source with its decorators, and its first line."""
    path = TESTS / file
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            first = min([node.lineno, *(part.lineno for part in node.decorator_list)])
            return path, "\n".join(text.splitlines()[first - 1 : node.end_lineno]), first
    return None
