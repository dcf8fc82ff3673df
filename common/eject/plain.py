"""Definitions without types, and with the first paragraph of each docstring."""

import ast
from typing import Any

from common.eject.comments import above, beside, comments
from common.eject.text import WIDTH

# What a script calls otherwise than a port.
_CALLS = {"chosen_device": "DEVICE", "chosen_dtype": "DTYPE"}
_NAMES = {"generator_optimiser": "optimiser_g", "discriminator_optimiser": "optimiser_d"}
_COMMENTS = {"; common's streams replace them": ""}


def plain(node: ast.stmt) -> ast.stmt:
    """The definition without types and long docstrings, in a script's names."""
    result: ast.stmt = _Plain().visit(node)
    return result


class _Plain(ast.NodeTransformer):
    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.stmt):
            comments(node, [*map(_said, above(node))], _said(beside(node)))
        return super().visit(node)

    def visit_arg(self, node: ast.arg) -> Any:
        node.annotation = None
        node.arg = _NAMES.get(node.arg, node.arg)
        return node

    def visit_Name(self, node: ast.Name) -> Any:
        node.id = _NAMES.get(node.id, node.id)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        node.returns = None
        # A script makes each optimiser once.
        kept = [each for each in node.decorator_list if ast.unparse(each) != "cache"]
        node.decorator_list = kept
        return self._described(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        if "NamedTuple" not in map(ast.unparse, node.bases):
            node.body = [n for n in node.body if not (isinstance(n, ast.AnnAssign) and not n.value)]
        return self._described(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        self.generic_visit(node)
        if node.value is None:
            return node
        new = ast.Assign([node.target], node.value, lineno=node.lineno)
        comments(new, above(node), beside(node))
        return new

    def visit_Call(self, node: ast.Call) -> Any:
        self.generic_visit(node)
        name = _CALLS.get(ast.unparse(node.func))
        return node if name is None else ast.Name(name, ast.Load())

    def _described(self, node: Any) -> Any:
        self.generic_visit(node)
        match node.body:
            case [ast.Expr(value=ast.Constant(value=str(text)) as constant), *_]:
                short = text.strip().split("\n\n")[0]
                wide = constant.col_offset + len(short.split("\n")[-1]) + 6 > WIDTH
                constant.value = f"{short.rpartition('; ')[0]}." if wide else short
        return node


def _said(comment: str) -> str:
    for old, new in _COMMENTS.items():
        comment = comment.replace(old, new)
    return comment
