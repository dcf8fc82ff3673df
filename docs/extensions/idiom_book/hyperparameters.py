"""The table of hyper-parameters that was read from the sources alone."""

import tomllib
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from common import ROOT
from common.drawing.markdown import table

TABLE = ROOT / "docs" / "hyperparameters.toml"


class HyperParameters(SphinxDirective):
    """Every option and every initial distribution of each system, with its source."""

    def run(self) -> list[nodes.Node]:
        """One section per system."""
        self.env.note_dependency(str(TABLE))
        systems = tomllib.loads(TABLE.read_text(encoding="utf-8"))["system"]
        text = "\n".join(_section(entry) for entry in systems)
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def _section(entry: dict[str, Any]) -> str:
    options = [[f"`{key}`", _value(e), e["from"]] for key, e in entry["options"].items()]
    weights = [[kind, _distribution(e), e["from"]] for kind, e in entry["weights"].items()]
    return "\n".join(
        [
            f"## `{entry['name']}`\n",
            table(["option", "value", "where it comes from"], options),
            table(["initial values", "distribution", "where it comes from"], weights),
        ]
    )


def _value(entry: dict[str, Any]) -> str:
    if "ours" not in entry:
        return f"`{entry['value']}`"
    return f"`{entry['value']}`; here `{entry['ours']}`: {entry['because']}"


def _distribution(entry: dict[str, Any]) -> str:
    match entry["distribution"]:
        case "constant":
            return f"{entry['value']:g}"
        case "normal":
            return f"N({entry['mean']:g}, {entry['deviation']:g})"
    return f"U(±{entry['bound'].replace('sqrt', '√')})"
