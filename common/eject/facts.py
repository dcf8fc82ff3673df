"""What a system settles beyond its functions' arguments: biases, and a loss without a penalty."""

import ast
from typing import Any

from common.contract import contract
from common.eject.comments import above, beside, comments
from common.eject.scopes import bodies
from common.systems import System
from common.systems.losses import WassersteinGP

_LIST = "# The gradient of a list is that of its sum."


def settled(tree: ast.Module, system: System) -> None:
    """Settle in place what the system does."""
    _Biases(system).visit(tree)
    penalised = isinstance(system.loss, WassersteinGP)
    _Penalty(penalised).visit(tree)
    if not penalised:
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef) and not hasattr(function, "settled"):
                _OneLoss().visit(function)


def drop_modes(tree: ast.Module) -> None:
    """Leave out `discriminator.train()` where nothing puts it into evaluation mode."""
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and "discriminator.eval()" not in ast.unparse(
            ast.fix_missing_locations(function)
        ):
            for body in bodies(function.body):
                body[:] = [n for n in body if ast.unparse(n) != "discriminator.train()"]


class _Biases(ast.NodeTransformer):
    """Whether the layers of a class all have a bias, or none has one."""

    def __init__(self, system: System) -> None:
        tensors = contract(system)
        biased = {p.full_layer for p in tensors if p.kind == "bias"}
        spectral = {p.full_layer for p in tensors if p.kind == "spectral_u"}
        self.known: dict[str, set[bool]] = {"conv": set(), "conv_transpose": set(), "_": set()}
        for p in tensors:
            if p.kind in self.known:
                self.known[p.kind].add(p.full_layer in biased)
            if p.full_layer in spectral:
                self.known["_"].add(p.full_layer in biased)
        self.kind = "_"  # a function for spectral layers

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        transposed, spectral = "ConvTranspose" in node.name, "Spectral" in node.name
        self.kind = "_" if spectral else "conv_transpose" if transposed else "conv"
        self.generic_visit(node)
        self.kind = "_"
        return node

    def visit_Compare(self, node: ast.Compare) -> Any:
        found = self.known[self.kind]
        asked = ast.unparse(node) in ("self.bias is None", "layer.bias is None")
        return ast.Constant(not found.pop()) if asked and len(found) == 1 else node


class _Penalty(ast.NodeTransformer):
    def __init__(self, penalised: bool) -> None:
        self.penalised = penalised

    def visit_Compare(self, node: ast.Compare) -> Any:
        asked = ast.unparse(node) == "'penalty' in losses"
        return ast.Constant(self.penalised) if asked else self.generic_visit(node)


class _OneLoss(ast.NodeTransformer):
    """A loss in the place of `losses`, which would have nothing beside it."""

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.FunctionDef):
            node.settled = True  # type: ignore[attr-defined]
        if isinstance(node, ast.stmt) and _LIST in above(node):
            comments(node, [line for line in above(node) if line != _LIST], beside(node))
        if isinstance(node, ast.expr) and not isinstance(node, ast.Name):
            new = _single(node)
            if new is not None:
                return new
        return super().visit(node)

    def visit_Name(self, node: ast.Name) -> Any:
        return ast.Name("loss_d", node.ctx) if node.id == "losses" else node

    def visit_arg(self, node: ast.arg) -> Any:
        node.arg = "loss_d" if node.arg == "losses" else node.arg
        return node

    def visit_Assign(self, node: ast.Assign) -> Any:
        if ast.unparse(node.targets[0]) == "((_, losses), gradients)":
            node.targets = [ast.Tuple([_loss(store=True), ast.Name("gradients", ast.Store())])]
            node.value = _without_aux(node.value)
        elif ast.unparse(node.targets[0]) == "losses" and isinstance(node.value, ast.Dict):
            node.value = node.value.values[0]
        self.generic_visit(node)
        same = ast.unparse(node.targets[0]) == ast.unparse(node.value)
        return None if same else node


def _without_aux(value: ast.expr) -> ast.expr:
    """The call of a function that was made with `has_aux`, without it."""
    match value:
        case ast.Call(func=ast.Call() as made):
            made.keywords = []
    return value


def _loss(*, store: bool = False) -> ast.Name:
    return ast.Name("loss_d", ast.Store() if store else ast.Load())


def _single(node: ast.expr) -> ast.expr | None:
    """What an expression on `losses` is for one loss."""
    if ast.unparse(node) in (
        "losses['loss']",
        "sum(losses.values())",
        "[*losses.values()]",
        "*losses.values()",
        "(sum(losses.values()), losses)",
    ):
        return _loss()
    match node:
        case ast.DictComp(value=value, generators=[ast.comprehension(iter=over)]):
            if ast.unparse(over) == "losses.items()":
                for each in ast.walk(value):
                    if isinstance(each, ast.Name) and each.id == "value":
                        each.id = "loss_d"
                return value
    return None
