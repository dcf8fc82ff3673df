"""`four-ways`: the definitions of one public name, in tabs and any two side by side."""

from html import escape

from docutils import nodes
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from sphinx.util.docutils import SphinxDirective

from common import ROOT, UsageError
from common.backends import BACKENDS, TITLES
from common.idioms.definitions import Definition, find_definition
from common.idioms.line_diff import differing_lines

TAB = """:::{{tab-item}} {title}
:sync: {backend}

```{{code-block}} python
{source}```

`{path}`, line {line}
:::
"""


class FourWays(SphinxDirective):
    """The four real definitions of a name such as `losses.gradient_penalty`.

    The build fails if one of the packages lacks the name.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The tabs and, for wide screens, two panels."""
        name = self.arguments[0]
        try:
            definitions = [find_definition(name, backend) for backend in BACKENDS]
        except UsageError as error:
            raise self.error(str(error)) from None
        for definition in definitions:
            self.env.note_dependency(str(ROOT / definition.path))
        tabs = "".join(
            TAB.format(
                title=TITLES[each.backend],
                backend=each.backend,
                source=each.source,
                path=each.path,
                line=each.line,
            )
            for each in definitions
        )
        text = f"::::{{tab-set}}\n:sync-group: framework\n:class: four-ways\n\n{tabs}::::\n"
        panels = nodes.raw("", _panels(name, definitions), format="html")
        return [*self.parse_text_to_nodes(text), panels]


def _panels(name: str, definitions: list[Definition]) -> str:
    """Two listings side by side; a script selects which, the style sheet shows them."""
    codes = "".join(_code(each, definitions) for each in definitions)
    left, right = _choice("left", name, "torch"), _choice("right", name, "jax")
    return (
        f'<details class="pair" data-left="torch" data-right="jax"><summary>Side by side</summary>'
        f'<div class="choices">{left}{right}</div><div class="panels">{codes}</div></details>'
    )


def _choice(side: str, name: str, chosen: str) -> str:
    options = "".join(
        f'<option value="{backend}"{" selected" if backend == chosen else ""}>'
        f"{TITLES[backend]}</option>"
        for backend in BACKENDS
    )
    label = escape(f"{side} panel of {name}", quote=True)
    return f'<select data-side="{side}" aria-label="{label}">{options}</select>'


def _code(definition: Definition, definitions: list[Definition]) -> str:
    others = [other for other in definitions if other is not definition]
    differs = {other.backend: differing_lines(definition.source, other.source) for other in others}
    coloured = highlight(definition.source, PythonLexer(), HtmlFormatter(nowrap=True))
    lines = []
    for number, line in enumerate(coloured.splitlines()):
        names = [f"differs-{backend}" for backend, marks in differs.items() if marks[number]]
        lines.append(f'<span class="{" ".join(["line", *names])}">{line or " "}</span>')
    label = escape(f"{definition.name} in {TITLES[definition.backend]}", quote=True)
    return (
        f'<div class="highlight" data-backend="{definition.backend}">'
        f'<pre tabindex="0" aria-label="{label}">{"".join(lines)}</pre></div>'
    )
