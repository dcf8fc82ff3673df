"""Functions and their calls, read from syntax trees."""

import ast
from collections.abc import Iterator
from typing import Any

from common.eject.scopes import bodies

Function = ast.FunctionDef


def undocumented(body: list[ast.stmt]) -> list[ast.stmt]:
    """A body without its docstring."""
    return body[1:] if docstring(body) is not None else body


def docstring(body: list[ast.stmt]) -> str | None:
    """The docstring at the start of a body."""
    match body:
        case [ast.Expr(value=ast.Constant(value=str(text))), *_]:
            return text
    return None


def result_of(function: Function) -> ast.expr | None:
    """The expression of a function that is nothing else."""
    match undocumented(function.body):
        case [ast.Return(value=value)]:
            return value
    return None


def arguments_of(call: ast.Call, function: Function, names: list[str]) -> dict[str, Any] | None:
    """The arguments of a call by parameter, defaults too; None, if some cannot be told."""
    packed = any(isinstance(each, ast.Starred) for each in call.args)
    if packed or function.args.vararg or function.args.kwarg or len(call.args) > len(names):
        return None
    given: dict[str, Any] = dict(zip(names, call.args, strict=False))
    given |= {each.arg: each.value for each in call.keywords if each.arg}
    every = function.args
    positional = zip(reversed(every.args), reversed(every.defaults), strict=False)
    keyword = zip(every.kwonlyargs, every.kw_defaults, strict=True)
    defaults = {a.arg: v for a, v in [*positional, *keyword] if v is not None}
    given = {**{k: v for k, v in defaults.items() if k not in given}, **given}
    return given if set(given) == set(names) else None


def is_simple(node: ast.expr) -> bool:
    """Whether an expression computes nothing."""
    if isinstance(node, ast.Attribute):
        return is_simple(node.value)
    if isinstance(node, ast.Tuple):
        return all(map(is_simple, node.elts))
    return isinstance(node, ast.Name | ast.Constant)


def function_bodies(tree: ast.AST) -> Iterator[tuple[list[ast.stmt], Function]]:
    """Every body in every function, and that function."""
    for function in ast.walk(tree):
        if isinstance(function, Function):
            yield from ((body, function) for body in bodies(function.body))


def in_order(node: ast.AST) -> Iterator[ast.AST]:
    """A tree's nodes in the order of its text."""
    yield node
    for each in ast.iter_child_nodes(node):
        yield from in_order(each)
