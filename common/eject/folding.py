"""What constants decide: branches, empty arguments, guards."""

import ast
from typing import Any

from common.eject.scopes import changed

_FLOAT32 = ((ast.Eq, "tf.float32"), (ast.NotEq, "tf.float64"))


def folded(tree: ast.Module) -> ast.Module:
    """The tree without the branches that it never takes and the guards of arguments."""
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    result: ast.Module = _Folder(functions).visit(tree)
    changed(result)
    return result


def constant(node: ast.expr) -> tuple[bool, Any]:
    """Whether an expression is a constant, and its value."""
    if isinstance(node, ast.Constant):
        return True, node.value
    if isinstance(node, ast.Tuple) and not node.elts:
        return True, ()
    return False, None


class _Folder(ast.NodeTransformer):
    def __init__(self, functions: set[str]) -> None:
        self.functions = functions

    def visit_If(self, node: ast.If) -> Any:
        self.generic_visit(node)
        known, value = constant(node.test)
        if known:
            return node.body if value else node.orelse
        guard = isinstance(node.body[0], ast.Raise) and not node.orelse
        return None if guard else node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        self.generic_visit(node)
        node.body = _together(_reached(node.body))
        return node

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        self.generic_visit(node)
        known, value = constant(node.test)
        return node if not known else node.body if value else node.orelse

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        self.generic_visit(node)
        known, value = constant(node.operand)
        if known and isinstance(node.op, ast.Not):
            return ast.Constant(not value)
        return node

    def visit_Compare(self, node: ast.Compare) -> Any:
        self.generic_visit(node)
        if len(node.ops) > 1:
            return node
        (op,), (other,) = node.ops, node.comparators
        known, value = constant(node.left)
        too, limit = constant(other)
        if known and too and isinstance(op, ast.Eq | ast.Is):
            return ast.Constant(value == limit)
        if known and too and isinstance(op, ast.NotEq | ast.IsNot):
            return ast.Constant(value != limit)
        if (type(op), ast.unparse(other)) in _FLOAT32:
            return ast.Constant(True)  # a script computes in float32
        named = isinstance(node.left, ast.Name) and (
            node.left.id.isupper() or node.left.id in self.functions
        )
        if named and isinstance(op, ast.Is | ast.IsNot):
            return ast.Constant(isinstance(op, ast.IsNot))
        return node

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        self.generic_visit(node)
        known, value = constant(node.left)
        exact = known and type(value) is float and value == 1.0 and isinstance(node.op, ast.Mult)
        return node.right if exact else node

    def visit_Call(self, node: ast.Call) -> Any:
        self.generic_visit(node)
        node.args = [
            each
            for each in node.args
            if not (isinstance(each, ast.Starred) and constant(each.value) == (True, ()))
        ]
        alone = len(node.args) == 1 and not node.keywords
        if alone and ast.unparse(node.func) in ("partial", "cache"):
            return node.args[0]
        return node


def _reached(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements up to the first that always returns."""
    for at, node in enumerate(body):
        if returns(node):
            return body[: at + 1]
    return body


def _together(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements, with one block where two in succession have the same context."""
    joined: list[ast.stmt] = []
    for node in body:
        last = joined[-1] if joined else None
        if isinstance(node, ast.With) and isinstance(last, ast.With):
            same = [ast.dump(each) for each in node.items] == [ast.dump(i) for i in last.items]
            if same and all(each.optional_vars is None for each in node.items):
                last.body += node.body
                continue
        joined.append(node)
    return joined


def returns(node: ast.stmt) -> bool:
    """Whether the statement always returns."""
    if isinstance(node, ast.With):
        return returns(node.body[-1])
    return isinstance(node, ast.Return)
