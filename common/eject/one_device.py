"""Definitions without what serves several devices alone: a script computes on one."""

import ast
from typing import Any

from common.eject.comments import above, beside, comments


def one_device(node: ast.stmt) -> ast.stmt:
    """The definition as it would be if nothing were ever shared between devices."""
    result: ast.stmt = _of_tf(node)
    return result


def _of_tf(node: ast.stmt) -> Any:
    return _Nested().visit(node)


class _Nested(ast.NodeTransformer):
    """Calls a tf.function where a port calls the Python function in it, and no comment on that."""

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.stmt):
            kept = [line for line in above(node) if "Replicas synchronise" not in line]
            comments(node, kept, beside(node))
        return super().visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        return node.value if node.attr == "python_function" else node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        return node.args[0] if ast.unparse(node.func) == "_alone" else node
