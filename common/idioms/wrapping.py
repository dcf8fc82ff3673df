"""Where a line of code that is too long for its column is broken."""

import re
from collections.abc import Iterator
from itertools import pairwise
from keyword import iskeyword

from rich.cells import cell_len

from common.idioms.statements import Line, Token

HANGING = 4  # of the rest of a line, beyond the line's own indent
# What a break costs, in columns left empty: the deeper in brackets, the worse.
DEEPER, AT_OPERATOR, AT_SPACE, AT_CALL, AFTER_BRACKET, AFTER_WORD, ANYWHERE = 6, 2, 4, 6, 8, 20, 40
EMPTY = 0.5  # of one column left empty
_DEPTH = dict.fromkeys("([{", 1) | dict.fromkeys(")]}", -1)


def wrapped(line: Line, width: int, hanging: int = HANGING) -> list[tuple[int, int, int]]:
    """The pieces of a line that fit: the indent of each, and the columns of the line it takes.

    A piece ends between two tokens, or, in comments, docstrings and what has no tokens, between
    two words. Only what is longer than a whole piece is broken within.

    Args:
        line: what is shown.
        width: of the column, in cells of the terminal.
        hanging: the indent of all pieces but the first, beyond the line's own.
    """
    text = line.text.rstrip()
    costs = dict(_breaks(line))
    later = min(line.indent + hanging, width // 2)
    pieces: list[tuple[int, int, int]] = []
    indent, start = 0, 0
    while cell_len(text[start:]) > width - indent:
        end = _best(text, start, width - indent, costs)
        pieces.append((indent, start, start + len(text[start:end].rstrip())))
        start = end + len(text[end:]) - len(text[end:].lstrip())
        indent = later
    return [*pieces, (indent, start, len(text))]


def _best(text: str, start: int, room: int, costs: dict[int, int]) -> int:
    """The column before which the piece from `start` on ends."""
    last = start + 1
    while cell_len(text[start : last + 1].rstrip()) <= room:
        last += 1
    first = start + len(text[start:]) - len(text[start:].lstrip())
    possible = [at for at in costs if first < at <= last]
    if possible:
        return min(possible, key=lambda at: costs[at] + EMPTY * (last - at))
    words = [at for at in range(first + 1, last + 1) if text[at - 1] == " "]
    return max(words, default=last)


def _breaks(line: Line) -> Iterator[tuple[int, int]]:
    """The columns before which the line may be broken, and what each costs."""
    depth = 0
    value = line.text.find(" = ")  # what is assigned to stays on one line
    for before, token in pairwise(line.tokens):
        depth += _DEPTH.get(before.text, 0)
        cost = ANYWHERE if token.start <= value else _cost(before, token)
        yield token.start, DEEPER * depth + cost
    done = line.tokens[-1].end if line.tokens else line.indent
    for at, sign in enumerate(line.text[done:], start=done):
        if sign == " ":
            # In a comment, a docstring or a signature with types.
            yield at + 1, AFTER_BRACKET if line.text[at - 1] in ":=" else 0


def _cost(before: Token, token: Token) -> int:
    """What it costs to break between two neighbours, but for the brackets around them."""
    if before.text == ",":
        return 0
    if before.text in ")]" and token.text == ".":
        return AT_CALL
    if before.text in "([{":
        return AFTER_BRACKET
    if before.end == token.start:
        return ANYWHERE
    if before.text == "=":
        return AT_CALL
    if token.text == "=" or before.text == ":" or iskeyword(before.text):
        return AFTER_WORD
    is_operator = iskeyword(token.text) or not re.match(r"[\w\"'(\[{]", token.text)
    return AT_OPERATOR if is_operator else AT_SPACE
