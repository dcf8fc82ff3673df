"""Definitions without what serves speed on a CPU alone, so that a script is shorter."""

import ast
from typing import Any

_OF_SPEED = ("_adds_in_turn(", "_runs_in_phases(")  # layout in PyTorch, convolutions in JAX


def shorter(node: ast.stmt) -> ast.stmt:
    """The definition with PyTorch's channels first, and JAX's convolutions of stretched maps."""
    result: ast.stmt = _Shorter().visit(node)
    return result


class _Shorter(ast.NodeTransformer):
    def visit_If(self, node: ast.If) -> Any:
        self.generic_visit(node)
        return node.orelse if _of_speed(node.test) else node

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        self.generic_visit(node)
        return node.orelse if _of_speed(node.test) else node

    def visit_Assign(self, node: ast.Assign) -> Any:
        self.generic_visit(node)
        return None if ast.unparse(node) == "batch_norm = fused" else node

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name("fused", node.ctx) if node.id == "batch_norm" else node


def _of_speed(test: ast.expr) -> bool:
    return any(name in ast.unparse(test) for name in _OF_SPEED)
