"""The statements of a function in the place of its call."""

import ast
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from common.eject.comments import above, beside, comments
from common.eject.folding import returns
from common.eject.functions import Function, function_bodies, is_simple, undocumented
from common.eject.scopes import bound, globals_of, stored, substituted


def placed(tree: ast.AST, site: ast.Call, function: Function, given: dict[str, Any]) -> bool:
    """Put a function's statements in the place of its call; return whether that can be."""
    for body, owner in function_bodies(tree):
        for at, node in enumerate(body):
            call, target = _called(node)
            if call is site and owner is not function:
                new = _statements(node, target, owner, function, given)
                if new is not None:
                    body[at : at + 1] = new
                return new is not None
    return False


def _called(node: ast.stmt) -> tuple[ast.Call | None, ast.expr | None]:
    """The call that is all of a statement, and the target that its result gets."""
    match node:
        case ast.Assign(targets=[target], value=ast.Call() as call):
            return call, target
        case ast.Expr(value=ast.Call() as call) | ast.Return(value=ast.Call() as call):
            return call, None
    return None, None


def _statements(
    node: ast.stmt,
    target: ast.expr | None,
    owner: Function,
    function: Function,
    given: dict[str, Any],
) -> list[ast.stmt] | None:
    """A function's statements for this call; None, if names or returns stand against it."""
    mine = {ast.dump(each) for each in owner.decorator_list}
    if any(ast.dump(each) not in mine for each in function.decorator_list):
        return None
    copy = deepcopy(function)
    copy.body = undocumented(copy.body)
    if _early(copy.body) or (target is not None and not returns(copy.body[-1])):
        return None
    if target is not None:
        _rename_results(copy, target)
    written = stored(copy.body)
    passed = {k: v for k, v in given.items() if not _is_same(k, v)}
    computed = {k: v for k, v in passed.items() if not is_simple(v) or k in written}
    simple = {k: v for k, v in passed.items() if k not in computed}
    local = written | set(computed)
    read = {name for v in passed.values() for name in globals_of(v)}
    results = stored([] if target is None else [target])
    if local & (_read_after(owner, node) - results) or (local - results) & (read - set(computed)):
        return None
    substituted(copy, simple)
    before: list[ast.stmt] = [
        ast.Assign([ast.Name(name, ast.Store())], value) for name, value in computed.items()
    ]
    if not isinstance(node, ast.Return):
        _assign(copy.body, target)
    new = [*before, *copy.body]
    comments(new[0], [*above(node), *above(new[0])], beside(new[0]))
    return new


def _early(body: list[ast.stmt]) -> bool:
    """Whether a body returns before its end."""
    every = sum(isinstance(each, ast.Return) for each in _own(body))
    return every != returns(body[-1])


def _own(nodes: Any) -> Iterator[ast.AST]:
    """The nodes of a body without those of functions defined in it."""
    for node in nodes:
        yield node
        if not isinstance(node, ast.FunctionDef | ast.Lambda):
            yield from _own(ast.iter_child_nodes(node))


def _result_of(last: ast.stmt) -> ast.expr | None:
    if isinstance(last, ast.With):
        return _result_of(last.body[-1])
    return last.value if isinstance(last, ast.Return) else None


def _pairs(target: ast.expr | None, value: ast.expr | None) -> list[tuple[ast.expr, ast.expr]]:
    """What each name of a target gets."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return list(zip(target.elts, value.elts, strict=True))
    return [] if target is None or value is None else [(target, value)]


def _rename_results(function: Function, target: ast.expr) -> None:
    """Call local results by the names that they get."""
    names = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)} | bound(function)
    for new, old in _pairs(target, _result_of(function.body[-1])):
        if not isinstance(new, ast.Name) or not isinstance(old, ast.Name):
            continue
        name = old.id
        if new.id not in {*names, "_"} and name in stored(function.body):
            for node in _own(function.body):
                if isinstance(node, ast.Name) and node.id == name:
                    node.id = new.id


def _read_after(owner: Function, node: ast.stmt) -> set[str]:
    """The names that a function reads from the statement after this one on."""
    at = next(i for i, s in enumerate(owner.body) if any(n is node for n in ast.walk(s)))
    within = [] if owner.body[at] is node else [owner.body[at]]
    late = [*within, *owner.body[at + 1 :]]
    return {
        n.id
        for s in late
        for n in ast.walk(s)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
    }


def _is_same(name: str, value: ast.expr) -> bool:
    return isinstance(value, ast.Name) and value.id == name


def _assign(body: list[ast.stmt], target: ast.expr | None) -> None:
    """Give the result to a target, instead of returning it."""
    last = body[-1]
    if isinstance(last, ast.With):
        _assign(last.body, target)
        return
    if not isinstance(last, ast.Return):
        return
    body.pop()
    pairs = [
        (t, v) for t, v in _pairs(target, last.value) if ast.unparse(t) not in ("_", ast.unparse(v))
    ]
    names = {ast.unparse(t) for t, _ in pairs}
    if len(pairs) > 1 and any(names & set(globals_of(v)) for _, v in pairs):
        left = ast.Tuple([t for t, _ in pairs], ast.Store())
        pairs = [(left, ast.Tuple([v for _, v in pairs], ast.Load()))]
    for each, what in pairs:
        new = ast.Assign([each], what)
        comments(new, above(last), beside(last))
        body.append(new)
