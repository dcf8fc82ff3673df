"""Parameters that every call gives the same constant: the function has that constant instead."""

import ast
from typing import Any

from common.eject.attributes import bound_attributes, is_constant
from common.eject.scopes import calls, changed, globals_of, is_partial, parameters, substituted


def bound_parameters(tree: ast.Module) -> bool:
    """Bind what can be bound, in place; return whether anything was."""
    found = False
    for node in list(tree.body):
        function = initialiser(node) if isinstance(node, ast.ClassDef) else node
        if isinstance(function, ast.FunctionDef):
            found |= _bind(tree, node.name, function, isinstance(node, ast.ClassDef))  # type: ignore[attr-defined]
    return bound_attributes(tree) or found


def initialiser(node: ast.ClassDef) -> ast.FunctionDef | None:
    """A class's own __init__."""
    for each in node.body:
        if isinstance(each, ast.FunctionDef) and each.name == "__init__":
            return each
    return None


def _bind(tree: ast.Module, name: str, function: ast.FunctionDef, is_class: bool) -> bool:
    sites = list(calls(tree, name))
    tests = sum(globals_of(node.args[1])[name] for node in calls(tree, "isinstance"))
    if not sites or len(sites) + tests != globals_of(tree)[name]:
        return False
    if any(_is_open(site) for site in sites) or function.args.vararg is not None:
        return False
    found = False
    own = parameters(function)[1:] if is_class else parameters(function)
    for parameter in own:
        given = [_given(site, parameter, own, function) for site in sites]
        texts = {None if each is None else ast.dump(each) for each in given}
        value = given[0]
        if len(texts) > 1 or value is None or not is_constant(tree, value):
            continue
        for site in sites:
            _remove(site, parameter, own)
        _drop(function, parameter)
        own = [each for each in own if each != parameter]
        substituted(function, {parameter: value})
        changed(tree)
        found = True
    return found


def _is_open(site: ast.Call) -> bool:
    packed = any(isinstance(each, ast.Starred) for each in site.args)
    return packed or any(each.arg is None for each in site.keywords)


def _given(
    site: ast.Call, parameter: str, own: list[str], function: ast.FunctionDef
) -> ast.expr | None:
    """What a call gives a parameter; None, if that is not known."""
    for each in site.keywords:
        if each.arg == parameter:
            return each.value
    if is_partial(site):
        return None
    at = own.index(parameter)
    if at < len(site.args):
        return site.args[at]
    return _default(function, parameter)


def _default(function: ast.FunctionDef, parameter: str) -> ast.expr | None:
    every = function.args
    for argument, value in zip(reversed(every.args), reversed(every.defaults), strict=False):
        if argument.arg == parameter:
            return value
    pairs = zip(every.kwonlyargs, every.kw_defaults, strict=True)
    return next((value for argument, value in pairs if argument.arg == parameter), None)


def _remove(site: ast.Call, parameter: str, own: list[str]) -> None:
    site.keywords = [each for each in site.keywords if each.arg != parameter]
    at = own.index(parameter)
    if not is_partial(site) and at < len(site.args):
        del site.args[at]


def _drop(function: ast.FunctionDef, parameter: str) -> None:
    every = function.args
    without = len(every.args) - len(every.defaults)
    for at, argument in enumerate(every.args):
        if argument.arg == parameter:
            del every.args[at]
            if at >= without:
                del every.defaults[at - without]
            break
    for at, argument in enumerate(every.kwonlyargs):
        if argument.arg == parameter:
            del every.kwonlyargs[at], every.kw_defaults[at]
            break
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call):
            _drop_static(decorator, parameter)
    function.decorator_list = [
        each.func if isinstance(each, ast.Call) and not each.args and not each.keywords else each
        for each in function.decorator_list
    ]


def _drop_static(decorator: ast.Call, parameter: str) -> None:
    """The decorator without a parameter among its `static_argnames`."""
    for each in list(decorator.keywords):
        names: Any = ast.literal_eval(each.value) if each.arg == "static_argnames" else ()
        kept = [names] if isinstance(names, str) else list(names)
        if parameter in kept:
            kept.remove(parameter)
            each.value = ast.Tuple([ast.Constant(name) for name in kept], ast.Load())
            if not kept:
                decorator.keywords.remove(each)
