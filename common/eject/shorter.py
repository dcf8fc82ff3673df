"""Definitions without what serves speed on a CPU alone, so that a script is shorter."""

import ast
from typing import Any

_OF_SPEED = ("_adds_in_turn(", "_runs_in_phases(")  # layout in PyTorch, convolutions in JAX
_LAYERS = {"Linear": "nn.Linear"}  # of Jittor


def shorter(node: ast.stmt) -> ast.stmt:
    """The definition with PyTorch's channels first, JAX's convolutions of stretched maps, and
    Jittor's own linear layers."""
    result: ast.stmt = _Shorter().visit(node)
    return result


class _Shorter(ast.NodeTransformer):
    def visit_If(self, node: ast.If) -> Any:
        self.generic_visit(node)
        return node.orelse if any(name in ast.unparse(node.test) for name in _OF_SPEED) else node

    def visit_Call(self, node: ast.Call) -> Any:
        self.generic_visit(node)
        name = _LAYERS.get(ast.unparse(node.func))
        if name is not None:
            node.func = ast.parse(name, mode="eval").body
        return node
