"""Syntax trees as text, as `ruff format` writes it."""

import ast
from collections.abc import Iterable, Iterator

from common.eject.comments import above, beside
from common.eject.expressions import flat
from common.eject.layout import laid
from common.eject.text import WIDTH


def printed(statements: Iterable[ast.stmt], indent: str = "") -> list[str]:
    """The lines of a block; between its definitions stand the blank lines that ruff wants."""
    lines: list[str] = []
    blank = [""] if indent else ["", ""]
    before: ast.stmt | None = None
    for node in statements:
        if before is not None and (_is_definition(node) or _is_definition(before)):
            lines += blank
        lines += [indent + comment for comment in above(node)]
        lines += _statement(node, indent)
        if beside(node):
            lines[-1] += f"  {beside(node)}"
        before = node
    return lines


def _is_definition(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef | ast.ClassDef)


def _statement(node: ast.stmt, indent: str) -> list[str]:
    inner = indent + "    "
    match node:
        case ast.FunctionDef() | ast.ClassDef():
            return list(_definition(node, indent))
        case ast.Return(value=value):
            return laid(f"{indent}return ", value, bare=True) if value else [f"{indent}return"]
        case ast.Expr(value=ast.Constant(value=str(text))):
            return f'{indent}"""{text}"""'.splitlines()
        case ast.Expr(value=value):
            return laid(indent, value)
        case ast.Assign(targets=targets, value=value):
            names = " = ".join(flat(each, bare=True) for each in targets)
            return laid(f"{indent}{names} = ", value, bare=isinstance(targets[0], ast.Tuple))
        case ast.AugAssign(target=target, op=op, value=value):
            sign = flat(ast.BinOp(ast.Name("a"), op, ast.Name("b"))).split()[1]
            return laid(f"{indent}{flat(target)} {sign}= ", value)
        case ast.AnnAssign(target=target, annotation=kind, value=None):
            return [f"{indent}{flat(target)}: {flat(kind)}"]
        case ast.If(test=test, body=body, orelse=other):
            lines = [*laid(f"{indent}if ", test, ":"), *printed(body, inner)]
            if len(other) == 1 and isinstance(other[0], ast.If):
                nested = _statement(other[0], indent)
                return [*lines, f"{indent}el{nested[0].lstrip()}", *nested[1:]]
            return [*lines, f"{indent}else:", *printed(other, inner)] if other else lines
        case ast.For(target=target, iter=over, body=body):
            head = f"{indent}for {flat(target, bare=True)} in "
            return [*laid(head, over, ":"), *printed(body, inner)]
        case ast.With(items=items, body=body):
            managers = [
                flat(each.context_expr)
                + (f" as {flat(each.optional_vars)}" if each.optional_vars else "")
                for each in items
            ]
            return [f"{indent}with {', '.join(managers)}:", *printed(body, inner)]
        case ast.Raise(exc=error) if error is not None:
            return laid(f"{indent}raise ", error)
    raise NotImplementedError(f"{type(node).__name__}: {ast.unparse(node)}")


def _definition(node: ast.FunctionDef | ast.ClassDef, indent: str) -> Iterator[str]:
    inner = indent + "    "
    yield from (line for each in node.decorator_list for line in laid(f"{indent}@", each))
    if isinstance(node, ast.ClassDef):
        bases = ", ".join(map(flat, node.bases))
        yield f"{indent}class {node.name}({bases}):" if bases else f"{indent}class {node.name}:"
    else:
        yield from signature(f"{indent}def {node.name}(", node.args, indent)
    body = node.body
    lines = printed(body[:1], inner)
    described = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    if body[1:]:
        apart = isinstance(node, ast.ClassDef) and described and not _is_definition(body[1])
        lines = [*printed(body, inner)] if not apart else [*lines, "", *printed(body[1:], inner)]
    yield from lines


def signature(before: str, arguments: ast.arguments, indent: str) -> list[str]:
    """A function's first line, or lines."""
    each = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    for at, default in enumerate(reversed(arguments.defaults), 1):
        each[-at] += f"={flat(default)}"
    if arguments.vararg is not None:
        each.append(f"*{arguments.vararg.arg}")
    elif arguments.kwonlyargs:
        each.append("*")
    for argument, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        each.append(argument.arg + (f"={flat(value)}" if value is not None else ""))
    if arguments.kwarg is not None:
        each.append(f"**{arguments.kwarg.arg}")
    together = ", ".join(each)
    if len(f"{before}{together}):") <= WIDTH:
        return [f"{before}{together}):"]
    inner = indent + "    "
    if len(inner + together) <= WIDTH:
        return [before, inner + together, f"{indent}):"]
    return [before, *(f"{inner}{argument}," for argument in each), f"{indent}):"]
