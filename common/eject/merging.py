"""Classes that are the only ones to inherit from another are one with it."""

import ast
from copy import deepcopy
from typing import Any

from common.eject.comments import above, comments
from common.eject.functions import arguments_of, docstring, undocumented
from common.eject.scopes import changed, globals_of, parameters, substituted


def merged(tree: ast.Module) -> bool:
    """Merge one class with its base; return whether there was one."""
    known = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    for child in known.values():
        for base in child.bases:
            name = ast.unparse(base)
            once = name in known and globals_of(tree)[name] == 1
            if once and _merge(known[name], child):
                tree.body.remove(known[name])
                changed(tree)
                return True
    return False


def _merge(base: ast.ClassDef, child: ast.ClassDef) -> bool:
    own: dict[str, Any] = {_name(node): node for node in undocumented(child.body)}
    calls = [ast.unparse(each.func) for each in ast.walk(child) if isinstance(each, ast.Call)]
    known = {f"super().{name}" for name in _methods(base) if name != "__init__"}
    if known & set(calls):
        return False
    start, inherited = own.get("__init__"), _methods(base).get("__init__")
    if start is not None and inherited is not None and not _start(start, inherited):
        return False
    body = [own.pop(_name(node), node) for node in undocumented(base.body)]
    described = child if docstring(child.body) is not None else base
    text = described.body[:1] if docstring(described.body) is not None else []
    child.body = [*text, *body, *own.values()]
    child.bases = base.bases
    comments(child, [*above(base), *above(child)], "")
    return True


def _name(node: ast.stmt) -> str:
    return ast.unparse(node.targets[0]) if isinstance(node, ast.Assign) else node.name  # type: ignore[attr-defined]


def _methods(node: ast.ClassDef) -> dict[str, ast.FunctionDef]:
    return {each.name: each for each in node.body if isinstance(each, ast.FunctionDef)}


def _start(start: ast.FunctionDef, inherited: ast.FunctionDef) -> bool:
    """Write out `super().__init__(…)` of a base that is about to vanish."""
    for at, node in enumerate(start.body):
        if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
            continue
        if ast.unparse(node.value.func) == "super().__init__":
            given = arguments_of(node.value, inherited, parameters(inherited)[1:])
            if given is None:
                return False
            new = substituted(deepcopy(inherited), given)
            start.body[at : at + 1] = undocumented(new.body)
            return True
    return True
