"""The catalogue of differences, and the tests that pin them."""

import ast
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from common import ROOT
from common.backends import BACKENDS, TITLES
from idiom_book.folding import FOLDED, row
from idiom_book.touching import CATALOGUE, STORED_RUNS, read_catalogue, stored_runs, test_of

TESTS = ROOT / "parity_tests"

BODY = """{text}

| framework | behaviour |
|---|---|
{ways}

**Our ports:** {remedy}

**{verb}** with {versions}, on {date}{effects}

```{{pin}} {test}
```
"""


class Differences(SphinxDirective):
    """Every entry of one topic of docs/differences.toml.

    The build fails if the test of an entry has no stored passing run.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """One section per entry."""
        self.env.note_dependency(str(CATALOGUE))
        self.env.note_dependency(str(STORED_RUNS))
        topic = self.arguments[0]
        chosen = [entry for entry in read_catalogue() if entry["topic"] == topic]
        if not chosen:
            raise self.error(f"{CATALOGUE.name} has no row of topic {topic!r}")
        return [self.section(entry) for entry in chosen]

    def section(self, entry: dict[str, Any]) -> nodes.section:
        """One entry as a section, whose anchor and label are the entry's name."""
        if test_of(entry) not in stored_runs():
            raise self.error(
                f"{STORED_RUNS.name} has no run of {entry['test']}: pytest --save-pins"
            )
        name = entry["name"]
        section = nodes.section(ids=[name], names=[name], classes=[FOLDED])
        section["row"] = row(entry)
        words, messages = self.parse_inline(entry["title"])
        section += nodes.title(entry["title"], "", *words)
        section += messages
        section += self.parse_text_to_nodes(_body(entry))
        self.state.document.note_explicit_target(section, section)
        return section


class Pin(SphinxDirective):
    """The test behind a statement, with its source code and the versions it last passed with.

    The build fails if the test does not exist.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """A folded listing."""
        file, _, name = self.arguments[0].partition("::")
        located = _source_of(file, name)
        if located is None:
            raise self.error(f"parity_tests/{file} has no test {name!r}")
        path, source, line = located
        self.env.note_dependency(str(path))
        kept = stored_runs().get(name)
        passed = f"passed with {kept['versions']}" if kept else "part of `make test`"
        text = (
            f"::::{{dropdown}} Pinned by `{name}`\n:icon: pin\n\n"
            f"`parity_tests/{path.name}`, line {line}; {passed}.\n\n"
            f"```{{code-block}} python\n{source}\n```\n::::\n"
        )
        return self.parse_text_to_nodes(text)


def _body(entry: dict[str, Any]) -> str:
    ways = [
        f"| {TITLES[name]} | {entry['ways'][name]} |" for name in BACKENDS if name in entry["ways"]
    ]
    kept = stored_runs()[test_of(entry)]
    effects = [f"- {label}: {value:.3g}" for label, value in kept["effects"].items()]
    return BODY.format(
        text=entry["text"],
        ways="\n".join(ways),
        remedy=entry["remedy"],
        verb="Measured" if effects else "Tested",
        versions=kept["versions"],
        date=kept["date"],
        effects=":\n\n" + "\n".join(effects) if effects else ".",
        test=entry["test"],
    )


@cache
def _source_of(file: str, name: str) -> tuple[Path, str, int] | None:
    """The file of a test function, its source code with decorators, and its first line."""
    path = TESTS / file
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            first = min([node.lineno, *(part.lineno for part in node.decorator_list)])
            return path, "\n".join(text.splitlines()[first - 1 : node.end_lineno]), first
    return None
