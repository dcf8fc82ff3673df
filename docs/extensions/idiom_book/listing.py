"""The HTML of one definition in four columns, whose lines know their row beside each other one."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import combinations, groupby

from pygments.lexers import PythonLexer
from pygments.token import STANDARD_TYPES

from common.backends import BACKENDS, TITLES
from common.idioms.alignment import Alignment, Side, aligned, all_aligned, lines_of
from common.idioms.definitions import Definition
from common.idioms.outline import outline, signature, summary
from common.idioms.statements import Line
from idiom_book.notes import Notes

ALL = "all"
Pairs = dict[tuple[str, str], Alignment]
Rows = dict[tuple[str, int], dict[str, int]]  # of a line: its row beside each other framework


@dataclass(frozen=True)
class Labels:
    """The words of a listing's controls."""

    types: str
    swap: str
    all_four: str
    keys: str
    column: str


ENGLISH = Labels("Types and docstrings", "Swap", "All four", "Keys", "framework of this column")
CHINESE = Labels("类型与文档字符串", "交换", "四个框架", "快捷键", "此栏的框架")


def listing(name: str, definitions: dict[str, Definition], labels: Labels, notes: Notes) -> str:
    """The heading, the columns, and below them the notes on their lines."""
    blocks = {backend: outline(each) for backend, each in definitions.items()}
    lines = {backend: lines_of(each) for backend, each in blocks.items()}
    pairs = {
        (one, other): aligned(blocks[one], blocks[other])
        for one, other in combinations(BACKENDS, 2)
    }
    rows = _numbered(pairs, len(lines[BACKENDS[0]]))
    count = max(at for of_line in rows.values() for at in of_line.values())
    columns = "".join(
        _column(definitions[b], labels, list(_lines(b, lines[b], pairs, rows, notes)))
        for b in BACKENDS
    )
    return (
        f'<div class="ways" data-name="{name}">{_heading(name, definitions["torch"], labels)}'
        f'<div class="ways-sides" style="--rows:{count}">{columns}</div>{notes.html}</div>'
    )


def _heading(name: str, definition: Definition, labels: Labels) -> str:
    module = name.rpartition(".")[0]
    buttons = (
        ("types", labels.types, "t"),
        ("swap", labels.swap, "x"),
        (ALL, labels.all_four, "a"),
        ("keys", labels.keys, "?"),
    )
    controls = "".join(
        f'<button type="button" data-do="{do}" title="{label} ({key})">{label}</button>'
        for do, label, key in buttons
    )
    return (
        f'<div class="ways-head"><div><code><span class="ways-module">{module}.</span>'
        f"{escape(signature(definition))}</code><p>{escape(summary(definition))}</p></div>"
        f'<div class="ways-do">{controls}</div></div>'
    )


def _column(definition: Definition, labels: Labels, lines: list[str]) -> str:
    backend = definition.backend
    options = "".join(
        f'<option value="{each}"{" selected" if each == backend else ""}>{TITLES[each]}</option>'
        for each in BACKENDS
    )
    return (
        f'<div class="side highlight" data-backend="{backend}"><div class="side-head">'
        f'<select aria-label="{labels.column}">{options}</select>'
        f"<span>{definition.path}:{definition.line}</span></div>"
        f'<pre aria-label="{definition.name}, {TITLES[backend]}">{"".join(lines)}</pre></div>'
    )


def _numbered(pairs: Pairs, count: int) -> Rows:
    """The grid row of each line of a framework beside each other one, and beside all.

    `count` is the number of lines of the first, with which all four are aligned.
    """
    rows: Rows = {}
    for (one, other), found in pairs.items():
        for at, (ours, theirs) in enumerate(found.rows, start=1):
            if ours is not None:
                rows.setdefault((one, ours), {})[other] = at
            if theirs is not None:
                rows.setdefault((other, theirs), {})[one] = at
    first, *others = BACKENDS
    with_first = [pairs[first, other] for other in others]
    for at, row in enumerate(all_aligned(count, with_first), start=1):
        for backend, line in zip(BACKENDS, row, strict=True):
            if line is not None:
                rows.setdefault((backend, line), {})[ALL] = at
    return rows


def _lines(
    backend: str,
    lines: list[Line],
    pairs: Pairs,
    rows: Rows,
    notes: Notes,
) -> Iterator[str]:
    text = "\n".join(line.text for line in lines)
    kinds = [""] * (len(text) + 1)
    for start, kind, value in PythonLexer().get_tokens_unprocessed(text):
        kinds[start : start + len(value)] = [STANDARD_TYPES[kind]] * len(value)
    others = [other for other in BACKENDS if other != backend]
    sides = {other: _side(pairs, backend, other) for other in others}
    begin = 0
    for number, line in enumerate(lines):
        marks = [""] * len(line.text)
        for other in others:
            for start, end in sides[other].spans.get(number, []):
                for at in range(start, end):
                    marks[at] += f" x-{other}"
        alone = "".join(f" x-{other}" for other in others if number in sides[other].alone)
        places = ";".join(f"--{k}:{at}" for k, at in rows[backend, number].items())
        code = _coloured(line.text, kinds[begin : begin + len(line.text)], marks)
        yield (
            f'<span class="line {line.shown.value}{alone}" style="{places};--i:{line.indent}">'
            f"{code}{notes.numbers(line)}\n</span>"
        )
        begin += len(line.text) + 1


def _side(pairs: Pairs, backend: str, other: str) -> Side:
    """What differs in the first of two frameworks, from the alignment that gives their rows."""
    if (backend, other) in pairs:
        return pairs[backend, other].sides[0]
    return pairs[other, backend].sides[1]


def _coloured(text: str, kinds: list[str], marks: list[str]) -> str:
    """The line's characters, in runs of one kind of token and one set of marks."""
    runs = groupby(zip(text, kinds, marks, strict=True), key=lambda each: each[1:])
    return "".join(
        _run("".join(character for character, *_ in run), f"{kind}{mark}".strip())
        for (kind, mark), run in runs
    )


def _run(text: str, names: str) -> str:
    return f'<span class="{names}">{escape(text)}</span>' if names else escape(text)
