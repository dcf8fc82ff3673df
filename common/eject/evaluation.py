"""A program for one system: what its constants settle is settled, what is called once is inside."""

import ast
from copy import deepcopy

from common.eject.binding import bound_parameters, initialiser
from common.eject.comments import above, beside, comments
from common.eject.facts import drop_modes
from common.eject.folding import folded
from common.eject.inlining import inlined
from common.eject.leftovers import drop_results, drop_unused
from common.eject.merging import merged
from common.eject.scopes import calls, changed, globals_of, is_partial, replaced, substituted


def evaluated(tree: ast.Module, root: str, keep: set[str]) -> ast.Module:
    """The program that `root` needs; the functions `keep` stay functions."""
    more = True
    while more:
        tree = folded(tree)
        drop_modes(tree)
        while _without_alias(tree):
            tree = folded(tree)
        _locals(tree)
        changed(tree)
        drop_results(tree)
        drop_unused(tree, root)
        more = merged(tree) or bound_parameters(tree) or inlined(tree, keep)
    drop_unused(tree, root)
    return tree


def _named(node: ast.stmt) -> tuple[str, ast.expr] | None:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name, value
    return None


def _without_alias(tree: ast.Module) -> bool:
    """Put what a top-level name stands for in its place: another name, or a partial call."""
    defined = {getattr(node, "name", "") for node in tree.body}
    for node in tree.body:
        found = _named(node)
        if found is None:
            continue
        name, value = found
        uses = globals_of(tree)[name]
        if uses and isinstance(value, ast.Name | ast.Attribute) and not name.isupper():
            replaced(tree, {name: value})
            tree.body.remove(node)
            changed(tree)
            return True
        if isinstance(value, ast.Name) and value.id in defined:
            replaced(tree, {name: value})
            tree.body.remove(node)
            changed(tree)
            return True
        if not is_partial(value):
            continue
        assert isinstance(value, ast.Call)
        sites = list(calls(tree, name))
        own = _has_parameters(tree, ast.unparse(value.args[0]))
        if sites and len(sites) == uses and (own or uses == 1):
            for site in sites:
                _expand(tree, site, value)
                _move_comments(tree, site, node)
            tree.body.remove(node)
            changed(tree)
            return True
    return False


def _has_parameters(tree: ast.Module, name: str) -> bool:
    """Whether the program defines this function, or this class with its own __init__."""
    for node in tree.body:
        if getattr(node, "name", "") == name:
            return not isinstance(node, ast.ClassDef) or initialiser(node) is not None
    return False


def _expand(tree: ast.Module, site: ast.Call, value: ast.Call) -> None:
    copy = deepcopy(value)
    given = {each.arg for each in site.keywords}
    new = [each for each in copy.keywords if each.arg not in given]
    site.keywords = [*new, *site.keywords]
    if is_partial(site):
        site.args[0] = copy.args[0]
    else:
        site.func, site.args = copy.args[0], [*copy.args[1:], *site.args]


def _move_comments(tree: ast.Module, site: ast.Call, node: ast.stmt) -> None:
    for owner in reversed(list(ast.walk(tree))):
        simple = isinstance(owner, ast.Assign | ast.Return | ast.Expr)
        if simple and any(each is site for each in ast.walk(owner)):
            assert isinstance(owner, ast.stmt)
            new = [line for line in above(node) if line not in above(owner)]
            comments(owner, [*above(owner), *new], getattr(owner, "beside", ""))
            return


def _locals(tree: ast.Module) -> None:
    """Put what a local name stands for in its place; leave out what nobody reads."""
    defined = {getattr(node, "name", "") for node in tree.body}
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            _join_return(function)
            read = _read_in(function)
            for node in list(function.body):
                found = _named(node)
                if found and found[0] not in read and isinstance(found[1], ast.BinOp):
                    function.body.remove(node)
                elif found and found[0] not in read and isinstance(found[1], ast.Call):
                    at = function.body.index(node)
                    function.body[at] = ast.Expr(found[1])
                    comments(function.body[at], above(node), beside(node))
                elif found and _stands_for(*found, defined) and _is_stored_once(function, found[0]):
                    function.body.remove(node)
                    substituted(function, {found[0]: found[1]})


def _join_return(function: ast.FunctionDef) -> None:
    """Return an expression, instead of a name that it has for one line."""
    match function.body:
        case [*_, ast.Assign() as node, ast.Return(value=ast.Name(id=result)) as last]:
            if _named(node) is not None and ast.unparse(node.targets[0]) == result:
                comments(last, [*above(node), *above(last)], beside(last))
                last.value = node.value
                function.body.remove(node)


def _read_in(function: ast.FunctionDef) -> set[str]:
    names = (node for node in ast.walk(function) if isinstance(node, ast.Name))
    return {node.id for node in names if isinstance(node.ctx, ast.Load)}


def _is_stored_once(function: ast.FunctionDef, name: str) -> bool:
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == name]
    return sum(isinstance(node.ctx, ast.Store) for node in names) == 1


def _stands_for(name: str, value: ast.expr, defined: set[str]) -> bool:
    """Whether a value can stand where its name does: a number, a class, or a short constant."""
    if isinstance(value, ast.Constant):
        return isinstance(value.value, int | float)
    if not isinstance(value, ast.Name):
        return False
    return value.id in defined or (value.id.isupper() and len(value.id) <= len(name) + 1)
