"""Functions that are written out where they are called."""

import ast
from copy import deepcopy
from typing import Any

from common.eject.blocks import placed
from common.eject.comments import above, beside, comments
from common.eject.functions import (
    Function,
    arguments_of,
    docstring,
    function_bodies,
    in_order,
    is_simple,
    result_of,
)
from common.eject.scopes import bound, calls, changed, globals_of, parameters, replaced


def inlined(tree: ast.Module, keep: set[str]) -> bool:
    """Write out one function or method in place; return whether there was one."""
    found = _one(tree, keep)
    changed(tree)
    return found


def _one(tree: ast.Module, keep: set[str]) -> bool:
    return any(
        _expression(tree, node) or _block(tree, node)
        for node in tree.body
        if isinstance(node, Function) and node.name not in keep
    ) or any(
        _method(tree, owner, node)
        for owner in tree.body
        if isinstance(owner, ast.ClassDef)
        for node in owner.body
        if isinstance(node, Function)
    )


def _expression(tree: ast.Module, function: Function) -> bool:
    """Put a function's only expression in the place of its calls."""
    value = result_of(function)
    sites = calls(tree, function.name)
    called = sites and len(sites) == globals_of(tree)[function.name]
    if value is None or function.decorator_list or not called:
        return False
    if len(sites) > 1 and not _is_thin(value, parameters(function)):
        return False
    names = parameters(function)
    given = [arguments_of(site, function, names) for site in sites]
    if any(each is None or not _is_usable(value, each) for each in given):
        return False
    pairs = list(zip(sites, given, strict=True))
    if not all(_in_order(value, each) or _hoisted(tree, site, each) for site, each in pairs):
        return False
    for site, each in zip(sites, given, strict=True):
        expression = deepcopy(result_of(function))
        assert expression is not None
        assert each is not None
        _annotate(tree, site, function)
        _become(tree, site, replaced(expression, each))
    tree.body.remove(function)
    return True


def _is_thin(value: ast.expr, names: list[str]) -> bool:
    """Whether an expression is a call of something else with the same arguments and constants."""
    if not isinstance(value, ast.Call):
        return False
    parts = [*value.args, *(each.value for each in value.keywords)]
    plain = all(
        isinstance(each, ast.Constant) or (isinstance(each, ast.Name) and each.id in names)
        for each in parts
    )
    return plain and isinstance(value.func, ast.Name | ast.Attribute) and len(parts) <= 3


def _is_usable(value: ast.expr, given: dict[str, Any]) -> bool:
    """Whether no argument that computes something would be computed twice."""
    uses = globals_of(value)
    inside = {
        id(n) for node in ast.walk(value) if isinstance(node, ast.Lambda) for n in ast.walk(node)
    }
    in_lambda = {n.id for n in ast.walk(value) if id(n) in inside and isinstance(n, ast.Name)}
    return all(
        is_simple(each) or (uses[name] <= 1 and name not in in_lambda)
        for name, each in given.items()
    )


def _in_order(value: ast.expr, given: Any) -> bool:
    """Whether an expression computes its arguments in the order of the call.

    Networks have state: running statistics, and the order in which gradients are added.
    """
    computed = [name for name, each in given.items() if not is_simple(each)]
    used = [n.id for n in in_order(value) if isinstance(n, ast.Name) and n.id in computed]
    return used == computed


def _hoisted(tree: ast.Module, site: ast.Call, given: Any) -> bool:
    """Give the arguments of a call to names in statements before it, in place."""
    for body, owner in function_bodies(tree):
        for at, node in enumerate(body):
            if not isinstance(node, ast.Assign | ast.Return | ast.Expr):
                continue
            parts = list(ast.walk(node))
            if not any(each is site for each in parts):
                continue
            inside = set(map(id, ast.walk(site)))
            apart = any(isinstance(each, ast.Call) and id(each) not in inside for each in parts)
            computed = [name for name, each in given.items() if not is_simple(each)]
            if apart or bound(owner) & set(computed):
                return False
            before: list[ast.stmt] = []
            for name in computed:
                before.append(ast.Assign([ast.Name(name, ast.Store())], given[name]))
                given[name] = ast.Name(name, ast.Load())
            body[at:at] = before
            return True
    return False


def _annotate(tree: ast.Module, site: ast.AST, function: Function) -> None:
    """Give the comments in a function to the statement around its call."""
    found = [line for node in function.body for line in above(node)]
    text = docstring(function.body)
    if getattr(function, "module", "") == "losses" and text:
        found = [f"# {text.rstrip('.')}.", *found]
    statement = _statement_of(tree, site)
    if statement is not None:
        kept = [line for line in found if line not in above(statement)]
        comments(statement, [*above(statement), *kept], beside(statement))


def _statement_of(tree: ast.AST, site: ast.AST) -> Any:
    owner = None
    for node in ast.walk(tree):  # outer ones first
        if isinstance(node, ast.stmt) and any(each is site for each in ast.walk(node)):
            owner = node
    return owner


def _become(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    class Swap(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            return new if node is old else self.generic_visit(node)

    Swap().visit(tree)


def _block(tree: ast.Module, function: Function) -> bool:
    """Put a function's statements in the place of its only call."""
    sites = list(calls(tree, function.name))
    joined = function.name.startswith("_") or getattr(function, "module", "") == "steps"
    if not joined or len(sites) != 1 or globals_of(tree)[function.name] != 1:
        return False
    given = arguments_of(sites[0], function, parameters(function))
    if given is None or not placed(tree, sites[0], function, given):
        return False
    tree.body.remove(function)
    return True


def _method(tree: ast.Module, owner: ast.ClassDef, method: Function) -> bool:
    """Write out a method that is called once, by `self`."""
    if method.name.startswith("__") or method.decorator_list:
        return False
    others = [each for each in tree.body if each is not owner and _has(each, method.name)]
    apart = {id(node) for each in others for node in ast.walk(each)}
    uses = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == method.name and id(node) not in apart
    ]
    sites = [
        node
        for node in ast.walk(owner)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == f"self.{method.name}"
    ]
    if len(uses) != 1 or len(sites) != 1 or sites[0].func is not uses[0]:
        return False
    given = arguments_of(sites[0], method, parameters(method)[1:])
    if given is None:
        return False
    value = result_of(method)
    if value is not None and _is_usable(value, given):
        _annotate(tree, sites[0], method)
        _become(tree, sites[0], replaced(deepcopy(value), given))
    elif not placed(owner, sites[0], method, given | {"self": ast.Name("self", ast.Load())}):
        return False
    owner.body.remove(method)
    return True


def _has(node: ast.stmt, method: str) -> bool:
    """Whether this is a class with a method of that name."""
    return any(getattr(each, "name", "") == method for each in getattr(node, "body", []))
