"""The statements of a piece of source code, with the lines and tokens of each."""

import ast
import copy
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from io import StringIO

_SHOWN = {tokenize.NAME, tokenize.NUMBER, tokenize.STRING, tokenize.OP}
# From Python 3.12 on an f-string is several tokens.
_SHOWN |= {getattr(tokenize, name, tokenize.STRING) for name in ("FSTRING_START", "FSTRING_MIDDLE")}
_SHOWN |= {getattr(tokenize, "FSTRING_END", tokenize.STRING)}


class Shown(Enum):
    """In which listing a line is shown."""

    ALWAYS = "always"
    FOLDED = "folded"  # signatures without types, first lines of docstrings
    UNFOLDED = "unfolded"  # types, whole docstrings, and aliases that types alone use


@dataclass(frozen=True)
class Token:
    """A name, number, string or operator, and the columns that it takes in its line."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Line:
    """A line as it is shown, and its tokens; a docstring or comment has none."""

    text: str
    shown: Shown = Shown.ALWAYS
    tokens: tuple[Token, ...] = ()

    @property
    def indent(self) -> int:
        """The number of spaces that it begins with."""
        return len(self.text) - len(self.text.lstrip())


@dataclass(frozen=True)
class Statement:
    """A simple statement, the head of a compound one, a comment or an empty line."""

    key: str  # "return", "= mean variance", "def forward", "docstring"; "" for all else
    lines: tuple[Line, ...]

    @cached_property
    def tokens(self) -> tuple[tuple[int, Token], ...]:
        """The tokens of what is shown while folded, each with its line in the statement."""
        shown = ((at, x) for at, x in enumerate(self.lines) if x.shown != Shown.UNFOLDED)
        return tuple((at, token) for at, line in shown for token in line.tokens)


def statements(part: str) -> Iterator[tuple[int, Statement]]:
    """Every statement with its first row, and each comment and empty line between them."""
    rows = part.splitlines()
    functions = {n.lineno: n for n in ast.walk(ast.parse(part)) if isinstance(n, ast.FunctionDef)}
    done = 0
    tokens: list[tokenize.TokenInfo] = []
    for token in tokenize.generate_tokens(StringIO(part + "\n").readline):
        if token.type in _SHOWN:
            tokens.append(token)
        elif token.type == tokenize.NEWLINE and tokens:
            first, last = tokens[0].start[0], token.start[0]
            for row in range(done + 1, first):
                yield row, Statement("", (Line(rows[row - 1]),))
            yield first, _statement(rows, tokens, functions.get(first))
            done, tokens = last, []
    for row in range(done + 1, len(rows) + 1):
        yield row, Statement("", (Line(rows[row - 1]),))


def _statement(
    rows: list[str], tokens: list[tokenize.TokenInfo], function: ast.FunctionDef | None
) -> Statement:
    first, last = tokens[0].start[0], max(token.end[0] for token in tokens)
    if len(tokens) == 1 and tokens[0].type == tokenize.STRING:
        return Statement("docstring", tuple(_docstring(rows[first - 1 : last])))
    lines = [
        Line(
            re.sub(r"  # type: ignore\[[\w, -]+\]", "", rows[row - 1]),
            tokens=tuple(
                Token(t.string, t.start[1], t.end[1])
                for t in tokens
                if t.start[0] == row == t.end[0]
            ),
        )
        for row in range(first, last + 1)
    ]
    if function is not None and tokens[0].string == "def":
        arguments = bare_arguments(function)
        return Statement(f"def {function.name}", tuple(signature_lines(lines, function, arguments)))
    if len(tokens) > 1 and tokens[1].string == ":" and "=" not in (t.string for t in tokens):
        lines = [replace(line, shown=Shown.UNFOLDED) for line in lines]  # declares a type
    return Statement(_key(tokens), tuple(lines))


def signature_lines(lines: list[Line], function: ast.FunctionDef, arguments: str) -> Iterator[Line]:
    """The signature without types on one line, then as it is."""
    text = f"def {function.name}({arguments}):"
    indent = function.col_offset
    tokens = tokenize.generate_tokens(StringIO(f"{text} ...").readline)
    words = tuple(
        Token(t.string, indent + t.start[1], indent + t.end[1]) for t in tokens if t.type in _SHOWN
    )
    yield Line(" " * indent + text, Shown.FOLDED, words[:-1])
    for line in lines:
        yield replace(line, shown=Shown.UNFOLDED, tokens=())


def _docstring(rows: list[str]) -> Iterator[Line]:
    if len(rows) == 1:
        yield Line(rows[0])
        return
    yield Line(f'{rows[0]}"""', Shown.FOLDED)
    for row in rows:
        yield Line(row, Shown.UNFOLDED)


def _key(tokens: list[tokenize.TokenInfo]) -> str:
    words = [token.string for token in tokens]
    if words[0] in ("return", "with", "for", "if", "class", "@"):
        return words[0]
    depth = 0
    for at, word in enumerate(words):
        depth += (word in "([{") - (word in ")]}")
        if not depth and word.endswith("=") and word not in ("==", "!=", "<=", ">="):
            names = (t.string for t in tokens[:at] if t.type == tokenize.NAME)
            return " ".join(["=", *(name for name in names if name != "self")])
    return ""


def bare_arguments(node: ast.FunctionDef) -> str:
    """The parameters without types, as in `fake_scores, *, sign`."""
    arguments = copy.deepcopy(node.args)
    for each in ast.walk(arguments):
        if isinstance(each, ast.arg):
            each.annotation = None
    return ast.unparse(arguments)
