"""Branches on options that a system has settled: only the taken ones are kept."""

import ast
from collections.abc import Mapping


def settled(text: str, options: Mapping[str, bool]) -> str:
    """The definition without the branches on these options, `x` or `layer.x`, that it never takes.

    What follows a branch that is always taken and returns is left out too.
    """
    lines = text.splitlines()
    found = [
        _decided(body, at, options) for body in _bodies(ast.parse(text)) for at in range(len(body))
    ]
    for node, truth, last in sorted(filter(None, found), key=lambda each: -each[0].lineno):
        kept = node.body if truth else node.orelse
        first = lines[kept[0].lineno - 1 : kept[-1].end_lineno] if kept else []
        end = last if truth and _returns(node.body) else node.end_lineno
        lines[node.lineno - 1 : end] = [line[4:] for line in first]
    return "\n".join(lines)


def _bodies(tree: ast.Module) -> list[list[ast.stmt]]:
    return [node.body for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def _decided(
    body: list[ast.stmt], at: int, options: Mapping[str, bool]
) -> tuple[ast.If, bool, int | None] | None:
    node = body[at]
    if not isinstance(node, ast.If):
        return None
    test, negated = node.test, False
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, negated = test.operand, True
    name = ast.unparse(test).split(".")[-1]
    if not isinstance(test, ast.Name | ast.Attribute) or name not in options:
        return None
    return node, options[name] != negated, body[-1].end_lineno


def _returns(body: list[ast.stmt]) -> bool:
    last = body[-1]
    return isinstance(last, ast.Return) or (isinstance(last, ast.With) and _returns(last.body))
