"""Modules as syntax trees that keep their comments, and the spelling of their literals."""

import ast
import io
import re
import tokenize
from typing import Any

_PRAGMA = re.compile(r"# (type|noqa|ruff)\b")


def parsed(text: str) -> ast.Module:
    """The tree, where each statement has `above`, its comments, and `beside`, at its line's end.

    Numbers and f-strings have `raw`, their spelling.
    """
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            comments(node, [], "")
        elif isinstance(node, ast.JoinedStr) or _is_number(node):
            node.raw = ast.get_source_segment(text, node)  # type: ignore[attr-defined]
    _attach(tree, text)
    return tree


def comments(node: ast.stmt, above: list[str], beside: str) -> None:
    """Set the comments of a statement."""
    node.above, node.beside = above, beside  # type: ignore[attr-defined]


def above(node: ast.stmt) -> list[str]:
    """The lines of comments above a statement."""
    found: list[str] = getattr(node, "above", [])
    return found


def beside(node: ast.stmt) -> str:
    """The comment at the end of a statement's line."""
    found: str = getattr(node, "beside", "")
    return found


def first_line(node: ast.stmt) -> int:
    """The line of a statement or of its first decorator."""
    decorators = getattr(node, "decorator_list", [])
    first: int = min([node.lineno, *(each.lineno for each in decorators)])
    return first


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _attach(tree: ast.Module, text: str) -> None:
    statements = sorted(
        (node for node in ast.walk(tree) if isinstance(node, ast.stmt)), key=first_line
    )
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT or _PRAGMA.match(token.string):
            continue
        line = token.start[0]
        around: list[Any] = [s for s in statements if first_line(s) <= line <= (s.end_lineno or 0)]
        innermost = around[-1] if around else None
        if token.line.strip().startswith("#"):
            inside = innermost is not None and not hasattr(innermost, "body")
            after = [each for each in statements if first_line(each) > line]
            owner: Any = innermost if inside else after[0] if after else None
            if owner is not None:
                owner.above.append(token.string)
        elif innermost is not None:
            innermost.beside = token.string
