"""The catalogue of differences as a page: folded entries, filters, and an index of topics."""

from html import escape
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from common.backends import BACKENDS, TITLES
from idiom_book.effects import CLASSES, NO_SIZE, class_of, size_of, written
from idiom_book.touching import CATALOGUE, PAIRS, differ, read_catalogue, stored_runs, test_of

FOLDED = "difference"
SHORT = {"torch": "PyTorch", "tf": "Keras", "jax": "JAX", "jittor": "Jittor"}
# Scripts show it; without them every entry is there, folded, and nothing filters.
FORM = """<form class="catalogue-filters" role="search" aria-label="Filter the differences" hidden>
<label class="wide">Words <input type="search" name="q" autocomplete="off"></label>
<label>Between <select name="pair">{pairs}</select></label>
<label>Topic <select name="topic">{topics}</select></label>
<label>Size of the effect <select name="size">{sizes}</select></label>
<label class="check"><input type="checkbox" name="silent" value="1"> raises no error</label>
<span class="state"><output aria-live="polite">{count} of {count}</output>
<button type="reset">Reset</button> <button type="button" class="unfold">Unfold all</button></span>
</form>
<nav class="catalogue-topics" aria-label="Topics of the differences"><ul>{index}</ul></nav>
"""


class Filters(SphinxDirective):
    """The filters over the page and an index of its topics; lines of `topic: heading`."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """A form and a list of links with the number of entries each."""
        self.env.note_dependency(str(CATALOGUE))
        heads = dict(line.split(": ", 1) for line in self.content)
        entries = read_catalogue()
        counts = {topic: sum(e["topic"] == topic for e in entries) for topic in heads}
        if sum(counts.values()) != len(entries):
            raise self.error(f"not every topic of {CATALOGUE.name} has a heading here")
        form = FORM.format(
            pairs=_options("any two", {"-".join(p): _pair(p) for p in PAIRS}),
            topics=_options("all", heads),
            sizes=_options("any", {name: text for name, (_, text) in _sizes()}),
            count=len(entries),
            index="".join(_link(topic, head, counts[topic]) for topic, head in heads.items()),
        )
        return [nodes.raw("", form, format="html")]


class Folding(HTML5Translator):
    """Sections of the class `difference` are folded; their titles are rows of an index."""

    def visit_section(self, node: nodes.section) -> None:
        """Open the section and, if it is folded, its row."""
        super().visit_section(node)
        if FOLDED in node["classes"]:
            self.body.append(f"<details{_data(node['row'])}><summary>")

    def depart_title(self, node: nodes.title) -> None:
        """Close the title and, if its section is folded, the row."""
        super().depart_title(node)
        if FOLDED in node.parent.get("classes", []):
            self.body.append(f"{_labels(node.parent['row'])}</summary>\n")

    def depart_section(self, node: nodes.section) -> None:
        """Close the section."""
        if FOLDED in node["classes"]:
            self.body.append("</details>\n")
        super().depart_section(node)


def row(entry: dict[str, Any]) -> dict[str, Any]:
    """What the page shows and filters by, beside an entry's title."""
    size = size_of(stored_runs()[test_of(entry)]["effects"])
    return {
        "name": entry["name"],
        "topic": entry["topic"],
        "frameworks": [name for name in BACKENDS if name in entry["ways"]],
        "pairs": ["-".join(pair) for pair in PAIRS if differ(entry, *pair)],
        "silent": entry["silent"],
        "class": class_of(size),
        "size": written(size),
    }


def _data(row: dict[str, Any]) -> str:
    values = {
        "name": row["name"],
        "topic": row["topic"],
        "pairs": " ".join(row["pairs"]),
        "silent": "1" if row["silent"] else "",
        "size": row["class"],
    }
    return "".join(f' data-{key}="{escape(value)}"' for key, value in values.items())


def _labels(row: dict[str, Any]) -> str:
    names = "".join(f'<span class="framework">{SHORT[name]}</span>' for name in row["frameworks"])
    noise = "silent" if row["silent"] else "an error"
    titles = {name: text for name, (_, text) in _sizes()}
    return (
        f'<span class="labels"><span class="frameworks">{names}</span>'
        f'<span class="noise">{noise}</span>'
        f'<span class="size" title="size of the effect: {escape(titles[row["class"]])}">'
        f"{row['size']}</span></span>"
    )


def _sizes() -> list[tuple[str, tuple[float, str]]]:
    return [*CLASSES.items(), (NO_SIZE[0], (0.0, NO_SIZE[1]))]


def _pair(pair: tuple[str, str]) -> str:
    return " and ".join(TITLES[name] for name in pair)


def _options(every: str, choices: dict[str, str]) -> str:
    options = (
        f'<option value="{escape(value)}">{escape(text)}</option>'
        for value, text in choices.items()
    )
    return f'<option value="">{every}</option>{"".join(options)}'


def _link(topic: str, head: str, count: int) -> str:
    anchor = nodes.make_id(head)
    return (
        f'<li><a href="#{anchor}" data-topic="{topic}">{escape(head)}</a> '
        f'<span class="count" data-topic="{topic}">{count}</span></li>'
    )
