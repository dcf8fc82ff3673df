"""A definition as blocks of statements; types and whole docstrings are folded away."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from common.idioms.definitions import Definition
from common.idioms.statements import (
    Line,
    Shown,
    Statement,
    bare_arguments,
    signature_lines,
    statements,
)

FORWARD = ("forward", "call", "__call__", "execute")  # one method, as each framework names it


@dataclass(frozen=True)
class Block:
    """The statements of one function, method or constant, or of a class before its methods."""

    key: str
    statements: tuple[Statement, ...]


def outline(definition: Definition) -> list[Block]:
    """The blocks of a definition, itself first."""
    parts = definition.parts
    used = {name for part in parts for name in _names_outside_types(ast.parse(part))}
    blocks: list[Block] = []
    for at, part in enumerate(parts):
        node = ast.parse(part).body[0]
        for_types = at > 0 and _bound(node) not in used
        for block in _blocks(part, node, is_main=at == 0):
            inner = block.statements
            if blocks and inner[0].lines[0].text:
                inner = (Statement("", (Line(""),)), *inner)
            if for_types:
                inner = tuple(_unfolded(each) for each in inner)
            blocks.append(Block(block.key, inner))
    return blocks


def signature(definition: Definition) -> str:
    """The name with its parameters, without types, as in `hinge_generator_loss(fake_scores)`."""
    node = ast.parse(definition.parts[0]).body[0]
    name: str = node.name  # type: ignore[attr-defined]
    function = _constructor(node)
    if function is None:
        return name
    arguments = bare_arguments(function)
    if isinstance(node, ast.ClassDef):
        arguments = re.sub(r"^self(, )?", "", arguments)
    return f"{name}({arguments})"


def summary(definition: Definition) -> str:
    """The first line of its docstring."""
    node = ast.parse(definition.parts[0]).body[0]
    assert isinstance(node, ast.FunctionDef | ast.ClassDef)
    return (ast.get_docstring(node) or "").split("\n")[0]


def _blocks(part: str, node: ast.stmt, *, is_main: bool) -> Iterator[Block]:
    """The part as one block; a class is one up to its methods, and one for each of them."""
    found = list(statements(part))
    if is_main:
        found = list(_without_heading(found, _constructor(node)))
    if not isinstance(node, ast.ClassDef):
        yield Block(_bound(node), tuple(each for _, each in found))
        return
    rows = part.splitlines()
    methods = [each for each in node.body if isinstance(each, ast.FunctionDef)]
    keys = ["class", *("forward" if m.name in FORWARD else m.name for m in methods)]
    starts = [1, *(_start(method, rows) for method in methods), len(rows) + 1]
    for key, first, end in zip(keys, starts, starts[1:], strict=False):
        chosen = tuple(each for row, each in found if first <= row < end)
        if chosen:
            yield Block(key, chosen)


def _start(node: ast.FunctionDef, rows: list[str]) -> int:
    """The first row of a method, with its decorators and the comments and empty line above."""
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    while first > 1 and rows[first - 2].lstrip().startswith("#"):
        first -= 1
    return first - 1 if first > 1 and not rows[first - 2].strip() else first


def _without_heading(
    found: list[tuple[int, Statement]], constructor: ast.FunctionDef | None
) -> Iterator[tuple[int, Statement]]:
    """The statements without what a listing's heading says: parameters and the docstring."""
    below = False  # whether the heading's docstring has just ended
    documented = False
    for row, statement in found:
        each = statement
        if statement.key == "docstring" and not documented:
            each = _unfolded(statement)
            if len(statement.lines) > 1:
                each = replace(each, lines=each.lines[1:])
            documented = below = True
        elif below and not statement.lines[0].text:
            each, below = _unfolded(statement), False
        elif constructor is not None and row == constructor.lineno:
            own = "self, ..." if bare_arguments(constructor).startswith("self") else "..."
            short = list(signature_lines([], constructor, own))
            if bare_arguments(constructor) not in ("", "self"):
                each = replace(statement, lines=(*short, *statement.lines[1:]))
        yield row, each


def _unfolded(statement: Statement) -> Statement:
    return replace(
        statement, lines=tuple(replace(x, shown=Shown.UNFOLDED) for x in statement.lines)
    )


def _constructor(node: ast.stmt) -> ast.FunctionDef | None:
    """The function itself, or a class's `__init__`."""
    if isinstance(node, ast.ClassDef):
        named = (n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__")
        return next(named, None)
    return node if isinstance(node, ast.FunctionDef) else None


def _bound(node: ast.stmt) -> str:
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return ""


def _names_outside_types(tree: ast.AST) -> Iterator[str]:
    """The names that the code reads, but for those in annotations."""
    for field, value in ast.iter_fields(tree):
        if field in ("annotation", "returns"):
            continue
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                yield node.id
            if isinstance(node, ast.AST):
                yield from _names_outside_types(node)
