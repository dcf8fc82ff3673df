"""Definitions without what serves mixed precision alone: a script computes in one type."""

import ast
from typing import Any

from common.eject.comments import above, beside, comments

_WORDS = ("mixed precision", "Autocast", "normalised, nor the vectors")  # of comments on it
_CASTS = ("given", "maps.dtype", "outputs.dtype", "inputs.dtype")  # the type it has already


def exact(node: ast.stmt) -> ast.stmt:
    """The definition with every cast left out that would do nothing in a script."""
    result: ast.stmt = _Exact().visit(node)
    return result


class _Exact(ast.NodeTransformer):
    def __init__(self) -> None:
        self.promoted: dict[str, list[ast.expr]] = {}  # by the name of the tuple

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.stmt):
            kept = [line for line in above(node) if not any(word in line for word in _WORDS)]
            comments(node, kept, beside(node))
        return super().visit(node)

    def visit_With(self, node: ast.With) -> Any:
        self.generic_visit(node)
        return node.body if "torch.autocast" in ast.unparse(node.items[0]) else node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        self.promoted = {}
        self.generic_visit(node)
        return node

    def visit_Assign(self, node: ast.Assign) -> Any:
        self.generic_visit(node)
        match node:
            case ast.Assign([ast.Name(name)], ast.Call(args=[ast.Tuple(values)])) if (
                "promote_dtype" in ast.unparse(node.value)
            ):
                self.promoted[name] = values
                return None
        target, value = map(ast.unparse, (node.targets[0], node.value))
        does_nothing = target == value or "promote_dtype(" in value or "given" in target
        return None if does_nothing else node

    def visit_Call(self, node: ast.Call) -> Any:
        self.generic_visit(node)
        node.args = [new for each in node.args for new in self._unpacked(each)]
        node.keywords = [each for each in node.keywords if not _of_policy(each)]
        match node:
            case ast.Call(func=ast.Attribute(value=value, attr="astype"), args=[to]):
                return value if ast.unparse(to) in _CASTS else node
            case ast.Call(func=ast.Attribute(attr="cast"), args=[ast.Name() as value, to]):
                return value if ast.unparse(to) in _CASTS else node
        return node

    def _unpacked(self, argument: ast.expr) -> list[ast.expr]:
        """The arrays that were promoted together, in place of `*both`."""
        match argument:
            case ast.Starred(ast.Name(name)) if name in self.promoted:
                return self.promoted[name]
        return [argument]


def _of_policy(keyword: ast.keyword) -> bool:
    return keyword.arg == "autocast" or ast.unparse(keyword.value) == "keras.config.floatx()"
