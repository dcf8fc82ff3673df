"""Names in syntax trees, and what they refer to."""

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from typing import TypeVar

Tree = TypeVar("Tree", bound=ast.AST)
Scope = ast.FunctionDef | ast.Lambda
Replace = Callable[[ast.Name], ast.expr]


def parameters(function: Scope) -> list[str]:
    """The names of a function's parameters."""
    every = function.args
    packed = [each for each in (every.vararg, every.kwarg) if each is not None]
    return [each.arg for each in (*every.posonlyargs, *every.args, *every.kwonlyargs, *packed)]


def stored(nodes: Iterable[ast.AST]) -> set[str]:
    """The names that these statements bind, without those in functions defined there."""
    names = set()
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        if not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            names |= stored(ast.iter_child_nodes(node))
    return names


def bound(function: Scope) -> set[str]:
    """The names that are local to a function."""
    body = function.body if isinstance(function, ast.FunctionDef) else [function.body]
    return {*parameters(function), *stored(body)}


class _Replacer(ast.NodeTransformer):
    def __init__(self, replace: Replace, *, nested: bool = False) -> None:
        self.replace = replace
        self.hidden: list[set[str]] = []
        self.skipping = nested  # the function itself, whose own names are meant

    def visit_Name(self, node: ast.Name) -> ast.expr:
        hidden = any(node.id in names for names in self.hidden)
        return node if hidden or isinstance(node.ctx, ast.Store) else self.replace(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._within(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return self._within(node)

    def _within(self, node: Scope) -> ast.AST:
        own = set() if self.skipping else bound(node)
        self.skipping = False
        outer = [*getattr(node, "decorator_list", []), node.args]
        for each in outer:
            self.generic_visit(each) if isinstance(each, ast.arguments) else None
        if isinstance(node, ast.FunctionDef):
            node.decorator_list = [self.visit(each) for each in node.decorator_list]
        self.hidden.append(own)
        if isinstance(node, ast.FunctionDef):
            node.body = [self.visit(each) for each in node.body]
        else:
            node.body = self.visit(node.body)
        self.hidden.pop()
        return node


def replaced(tree: Tree, names: Mapping[str, ast.expr]) -> Tree:
    """The tree with these names, where they are not local to a function in it, replaced."""
    replace = _Replacer(lambda node: deepcopy(names[node.id]) if node.id in names else node)
    result: Tree = replace.visit(tree)
    return result


def substituted(function: ast.FunctionDef, names: Mapping[str, ast.expr]) -> ast.FunctionDef:
    """A function with its own names replaced, in its body and in what it defines."""
    replace = _Replacer(
        lambda node: deepcopy(names[node.id]) if node.id in names else node, nested=True
    )
    result: ast.FunctionDef = replace.visit(function)
    return result


class Index:
    """What a program reads, by name: the places, and the calls of each and of `partial` on it."""

    def __init__(self, tree: ast.AST) -> None:
        self.reads: dict[str, list[ast.Name]] = {}
        self.calls: dict[str, list[ast.Call]] = {}
        self.ids: set[int] = set()
        _Replacer(self._note).visit(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                callee = node.args[0] if is_partial(node) else node.func
                if id(callee) in self.ids:
                    assert isinstance(callee, ast.Name)
                    self.calls.setdefault(callee.id, []).append(node)

    def _note(self, node: ast.Name) -> ast.expr:
        self.reads.setdefault(node.id, []).append(node)
        self.ids.add(id(node))
        return node


def index(tree: ast.AST) -> Index:
    """The index of a program, kept until `changed`."""
    found: Index | None = getattr(tree, "index", None)
    if found is None:
        found = Index(tree)
        if isinstance(tree, ast.Module):
            tree.index = found  # type: ignore[attr-defined]
    return found


def changed(tree: ast.AST) -> None:
    """Forget the index of a program that has changed."""
    tree.index = None  # type: ignore[attr-defined]


def globals_of(tree: ast.AST) -> Counter[str]:
    """How often the tree reads each name that is not local to a function in it."""
    return Counter({name: len(nodes) for name, nodes in index(tree).reads.items()})


def calls(tree: ast.AST, name: str) -> list[ast.Call]:
    """The calls of a global function, and of `partial` on it."""
    return list(index(tree).calls.get(name, []))


def is_partial(node: ast.AST) -> bool:
    """Whether this is a call of functools.partial."""
    named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return named and node.func.id == "partial" and bool(node.args)  # type: ignore[attr-defined]


def bodies(body: list[ast.stmt]) -> Iterator[list[ast.stmt]]:
    """A body and those of the branches, loops and contexts in it."""
    yield body
    for node in body:
        if isinstance(node, ast.If | ast.With | ast.For):
            yield from bodies(node.body)
            yield from bodies(getattr(node, "orelse", []))
