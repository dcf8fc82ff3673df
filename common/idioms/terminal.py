"""Definitions for the terminal: side by side where it is wide enough, else one after another."""

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.style import Style
from rich.syntax import ANSISyntaxTheme, Syntax
from rich.text import Text

from common.backends import TITLES
from common.idioms.comparison import CHANGED, ONLY_FIRST, ONLY_OTHER, Comparison, Listing
from common.idioms.definitions import Definition
from common.idioms.outline import signature, summary
from common.idioms.statements import Line
from common.idioms.wrapping import HANGING, wrapped

COLUMN = 60  # what one framework takes beside another, at least
NARROWEST = 24  # below that, lines are broken for this width
GUTTER, MARGIN = 5, 2  # between two columns, and left of a listing that has none beside it
# The terminal's own colours, without those that are hard to read on white (yellow, the bright ones)
# or on black (blue). An underline would hide the underscores of names.
DIFFERENT, MUTED = "bold magenta", "dim"
THEME = ANSISyntaxTheme(
    {
        ("Comment",): Style(dim=True),
        ("Keyword",): Style(color="green"),
        ("Operator", "Word"): Style(color="green"),
        ("Literal", "Number"): Style(color="cyan"),
        ("Literal", "String"): Style(color="cyan"),
        ("Literal", "String", "Doc"): Style(dim=True),
    }
)


def rendered(
    definitions: Sequence[Definition], width: int, *, full: bool = False
) -> Iterator[Text]:
    """The lines to print for a name in one or more frameworks, none wider than the terminal.

    Args:
        definitions: of one name; those after the first are compared with it.
        width: of the terminal, in cells.
        full: with types and whole docstrings.
    """
    width = max(width, NARROWEST)
    listings = [Listing(each, full=full) for each in definitions]
    yield from _lines(Text(signature(definitions[0]), "bold"), width)
    yield from _lines(Text(summary(definitions[0])), width, hanging=0)
    yield Text()
    marks: set[str] = set()
    columns = width // COLUMN
    if len(listings) == 1 or columns < 2:
        yield from _in_turn(Comparison(listings), width, marks)
    else:
        first, *others = listings
        for start in range(0, len(others), columns - 1):
            chosen = Comparison([first, *others[start : start + columns - 1]])
            yield from _side_by_side(chosen, width, marks)
    legend = _legend([TITLES[each.backend] for each in definitions], marks, full)
    if legend:
        yield from _lines(legend, width, hanging=0)


def _in_turn(comparison: Comparison, width: int, marks: set[str]) -> Iterator[Text]:
    """Each listing below the one before, with the marks left of it."""
    compared = len(comparison.listings) > 1
    margin = MARGIN if compared else 0
    for number, listing in enumerate(comparison.listings):
        yield from _lines(_title(listing), width)
        yield Text("─" * width, MUTED)
        for at, text in _code(comparison, number).items():
            mark = comparison.margin(number, at) if compared else ""
            marks.update(mark)
            for row, piece in enumerate(_pieces(listing.lines[at], text, width - margin)):
                yield _joined([(Text(mark if not row else "", DIFFERENT), margin), (piece, 0)])
        yield Text()


def _side_by_side(comparison: Comparison, width: int, marks: set[str]) -> Iterator[Text]:
    """The listings in columns, with the marks between them."""
    listings = comparison.listings
    codes = [_code(comparison, number) for number in range(len(listings))]
    titles = [_title(each) for each in listings]
    needs = [
        max(cell_len(text.plain) for text in (title, *code.values()))
        for title, code in zip(titles, codes, strict=True)
    ]
    widths = _shares(needs, width - GUTTER * (len(listings) - 1))
    yield from _row([_lines(t, w) for t, w in zip(titles, widths, strict=True)], widths)
    yield Text("──┼──".join("─" * each for each in widths), MUTED)
    for row in comparison.rows:
        cells = [
            [] if at is None else _pieces(each.lines[at], code[at], room)
            for at, each, code, room in zip(row, listings, codes, widths, strict=True)
        ]
        found = [comparison.marks(n, row[0], row[n]) for n in range(1, len(row))]
        marks.update(*found)
        yield from _row(cells, widths, found)
    yield Text()


def _row(cells: list[list[Text]], widths: list[int], marks: Sequence[str] = ()) -> Iterator[Text]:
    """The lines of one row, with the marks in the first of them."""
    for at in range(max(map(len, cells))):
        found = marks if at == 0 else ()
        gutters = [_gutter(each) for each in found] or [_gutter("")] * (len(cells) - 1)
        parts = [(cells[0][at] if at < len(cells[0]) else Text(), widths[0])]
        for gutter, cell, room in zip(gutters, cells[1:], widths[1:], strict=True):
            parts += [(gutter, GUTTER), (cell[at] if at < len(cell) else Text(), room)]
        yield _joined(parts)


def _gutter(marks: str) -> Text:
    kept = (mark if mark in marks else " " for mark in (ONLY_FIRST, ONLY_OTHER))
    text = Text((CHANGED if CHANGED in marks else "│").join(kept))
    for at, sign in enumerate(text.plain):
        if sign != " ":
            text.stylize(MUTED if sign == "│" else DIFFERENT, at, at + 1)
    return Text(" ") + text


def _joined(parts: list[tuple[Text, int]]) -> Text:
    """Texts beside each other, each filled up to its width, without spaces at the end."""
    line = Text()
    for text, width in parts:
        line.append_text(text)
        line.append(" " * (width - cell_len(text.plain)))
    line.rstrip()
    return line


def _shares(needs: list[int], total: int) -> list[int]:
    """The width of each column: what it needs, and the same for those that need more."""
    widths = [0] * len(needs)
    left = len(needs)
    for at in sorted(range(left), key=needs.__getitem__):
        widths[at] = min(needs[at], total // left)
        total, left = total - widths[at], left - 1
    return widths


def _code(comparison: Comparison, number: int) -> dict[int, Text]:
    """The lines that a listing shows, in colour and with what differs marked."""
    listing = comparison.listings[number]
    chosen = [at for at in range(len(listing.lines)) if listing.shows(at)]
    source = "\n".join(listing.lines[at].text for at in chosen)
    highlighted = Syntax("", "python", theme=THEME).highlight(source)
    texts = dict(zip(chosen, highlighted.split("\n", allow_blank=True), strict=False))
    for at, text in texts.items() if len(comparison.listings) > 1 else ():
        for start, end in comparison.spans(number, at):
            text.stylize(DIFFERENT, start, end)
    return texts


def _pieces(line: Line, text: Text, width: int, hanging: int = HANGING) -> list[Text]:
    return [
        Text(" " * indent) + text[start:end] for indent, start, end in wrapped(line, width, hanging)
    ]


def _lines(text: Text, width: int, hanging: int = HANGING) -> list[Text]:
    return _pieces(Line(text.plain), text, width, hanging)


def _title(listing: Listing) -> Text:
    found = listing.definition
    return Text.assemble(
        (TITLES[found.backend], "bold"), "  ", (f"{found.path}:{found.line}", MUTED)
    )


def _legend(titles: list[str], marks: set[str], full: bool) -> Text:
    """What the marks that were shown mean."""
    first, *others = titles
    means = {CHANGED: "differs", ONLY_FIRST: "missing", ONLY_OTHER: "added"}
    if len(others) == 1:
        means |= {ONLY_FIRST: f"only in {first}", ONLY_OTHER: f"only in {others[0]}"}
    words = ", ".join(f"{mark} {meaning}" for mark, meaning in means.items() if mark in marks)
    if words and len(others) > 1:
        words = f"compared with {first}: {words}"
    hint = "" if full else "--full: types and docstrings"
    return Text("; ".join(filter(None, (words, hint))), MUTED)
