"""Attributes that are never anything but one constant."""

import ast
import re
from collections.abc import Iterator
from typing import Any

from common.eject.scopes import changed, index

# Attributes that the frameworks themselves read or fill.
_READ = ("use_running_average", "scalar", "trainable", "grad")


_CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]+")


def bound_attributes(tree: ast.Module) -> bool:
    """Put constants in the place of attributes that are never anything else."""
    families = {ast.unparse(base) for node in tree.body for base in getattr(node, "bases", [])}
    own = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    apart = [node for node in own if node.name not in families]
    elsewhere = {t.attr for t, _ in _attribute_stores(tree) if ast.unparse(t.value) != "self"}
    found = [_bind_in(tree, node, elsewhere) for node in apart]
    return any(found) or _bind_in(tree, tree, set())


def is_constant(tree: ast.Module, value: ast.expr) -> bool:
    """Whether an expression is the same wherever it stands."""
    match value:
        case ast.Constant():
            return True
        case ast.UnaryOp(operand=operand):
            return is_constant(tree, operand)
        case ast.Tuple(elts=elements):
            return all(is_constant(tree, each) for each in elements)
        case ast.Name(id=name):
            functions = [each.name for each in tree.body if isinstance(each, ast.FunctionDef)]
            known = name in functions and id(value) in index(tree).ids
            return known or bool(_CONSTANT.fullmatch(name))
    return False


def _bind_in(tree: ast.Module, part: ast.AST, elsewhere: set[str]) -> bool:
    """Bind the attributes of `self` in a class, or any attributes in the whole tree."""
    receivers = ("self",) if part is not tree else None
    stores: dict[str, list[ast.expr | None]] = {}
    for target, value in _attribute_stores(part):
        stores.setdefault(target.attr, []).append(value)
    reads = {
        node.attr
        for node in ast.walk(part)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
        if receivers is None or ast.unparse(node.value) in receivers
    }
    found = {
        name: values[0]
        for name, values in stores.items()
        if name in reads and name not in (*_READ, *elsewhere) and values[0] is not None
        if all(v is not None and ast.dump(v) == ast.dump(values[0]) for v in values)
        if is_constant(tree, values[0])
    }
    if not found:
        return False
    _Unstored(found, receivers).visit(part)
    changed(tree)
    return True


def _attribute_stores(tree: ast.AST) -> Iterator[tuple[ast.Attribute, ast.expr | None]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _pairs(target, node.value)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Attribute):
            yield node.target, None


def _pairs(
    target: ast.expr, value: ast.expr | None
) -> Iterator[tuple[ast.Attribute, ast.expr | None]]:
    if isinstance(target, ast.Attribute):
        yield target, value
    elif isinstance(target, ast.Tuple):
        values: list[Any] = [None] * len(target.elts)
        if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts):
            values = list(value.elts)
        for each, part in zip(target.elts, values, strict=True):
            yield from _pairs(each, part)


class _Unstored(ast.NodeTransformer):
    def __init__(self, found: dict[str, Any], receivers: tuple[str, ...] | None) -> None:
        self.found, self.receivers = found, receivers

    def visit_Assign(self, node: ast.Assign) -> Any:
        self.generic_visit(node)
        (target,) = node.targets
        if isinstance(target, ast.Attribute) and target.attr in self.found:
            return None
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = list(zip(target.elts, node.value.elts, strict=True))
            kept = [p for p in pairs if getattr(p[0], "attr", None) not in self.found]
            if len(kept) < len(pairs):
                if not kept:
                    return None
                target.elts, node.value.elts = [p[0] for p in kept], [p[1] for p in kept]
                if len(kept) == 1:
                    node.targets, node.value = [kept[0][0]], kept[0][1]
        return node

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        self.generic_visit(node)
        meant = self.receivers is None or ast.unparse(node.value) in self.receivers
        if meant and isinstance(node.ctx, ast.Load) and node.attr in self.found:
            return self.found[node.attr]
        return node
