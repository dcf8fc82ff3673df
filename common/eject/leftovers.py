"""What nothing uses any more."""

import ast
from typing import Any

from common.eject.scopes import calls, changed, globals_of, stored


def drop_results(tree: ast.Module) -> None:
    """Leave out what a function returns, if no call uses it."""
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and isinstance(function.body[-1], ast.Return):
            sites = calls(tree, function.name)
            unused = sum(id(site) in alone for site in sites)
            if sites and unused == globals_of(tree)[function.name] and len(function.body) > 2:
                function.body.pop()


def drop_unused(tree: ast.Module, root: str) -> None:
    """Keep what the root needs, and of a class the methods that something may call."""
    _drop_methods(tree)
    changed(tree)
    names: dict[str, list[Any]] = {}
    for node in tree.body:
        for name in stored([node]):
            names.setdefault(name, []).append(node)
        match node:
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name)))):
                names.setdefault(name, []).append(node)
    wanted, queue = set(), [root]
    while queue:
        for node in names.get(queue.pop(), []):
            if id(node) not in wanted:
                wanted.add(id(node))
                queue += globals_of(node)
    tree.body = [node for node in tree.body if id(node) in wanted]
    changed(tree)


def _drop_methods(tree: ast.Module) -> None:
    read = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for owner in tree.body:
        if isinstance(owner, ast.ClassDef):
            owner.body = [
                node
                for node in owner.body
                if not isinstance(node, ast.FunctionDef)
                or not node.name.startswith("_")
                or node.name.startswith("__")
                or node.name in read
            ]
