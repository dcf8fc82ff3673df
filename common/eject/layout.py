"""Expressions over several lines, as `ruff format` writes them."""

import ast

from common.eject.expressions import flat, keyed
from common.eject.text import WIDTH

_COMPREHENSIONS = (ast.ListComp, ast.GeneratorExp, ast.DictComp)


def laid(before: str, node: ast.expr, after: str = "", *, bare: bool = False) -> list[str]:
    """An expression between these texts on as few lines as ruff allows."""
    line = f"{before}{flat(node, bare=bare)}{after}"
    if len(line) <= WIDTH:
        return [line]
    indent = line[: len(line) - len(line.lstrip())]
    if isinstance(node, ast.Lambda):
        head = flat(ast.Lambda(node.args, ast.Name("")))
        return [f"{before}{head}(", *_rows(node.body, indent + "    "), f"{indent}){after}"]
    if isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict):
        opening, parts, closing = _bracketed(node) or ("", [], "")
        rows = [row for each in parts for row in _item(indent + "    ", *each)]
        return [f"{before}{opening}", *rows, f"{indent}{closing}{after}"]
    brackets = _bracketed(node)
    if brackets is not None:
        head, parts, tail = brackets
        return _split(f"{before}{head}", parts, f"{tail}{after}", indent)
    if isinstance(node, ast.BinOp) and not isinstance(node.left, ast.BinOp):
        head = f"{before}{flat(ast.BinOp(node.left, node.op, ast.Name('')))}"
        if _is_weaker(node):
            return [f"{head}(", *_rows(node.right, indent + "    "), f"{indent}){after}"]
        brackets = _bracketed(node.right)
        if brackets is not None and isinstance(node.right, ast.Call) and brackets[2] == ")":
            return _split(f"{head}{brackets[0]}", brackets[1], f"{brackets[2]}{after}", indent)
    rows = _rows(node, indent + "    ")
    return [f"{before}(", *rows, f"{indent}){after}"]


def _item(indent: str, prefix: str, node: ast.expr) -> list[str]:
    """An element of a collection on its own lines."""
    lines = laid(indent + prefix, node, ",")
    if len(lines) == 1 or not isinstance(node, ast.BinOp):
        return lines
    rows = _rows(node, indent)
    return [f"{indent}{prefix}{rows[0].lstrip()}", *rows[1:-1], f"{rows[-1]},"]


def _split(before: str, parts: list[tuple[str, ast.expr]], after: str, indent: str) -> list[str]:
    inner = indent + "    "
    together = inner + ", ".join(prefix + flat(node) for prefix, node in parts)
    only = parts[0][1] if len(parts) == 1 and not parts[0][0] else None
    if isinstance(only, _COMPREHENSIONS) and flat(only)[0] == before[-1]:
        together = inner + flat(only)[1:-1]
        if len(together) > WIDTH:
            return [before, *_comprehension(only, inner), indent + after]
    if len(together) <= WIDTH:
        return [before, together, indent + after]
    rows = [row for prefix, node in parts for row in laid(inner + prefix, node, ",")]
    return [before, *rows, indent + after]


def _bracketed(node: ast.expr) -> tuple[str, list[tuple[str, ast.expr]], str] | None:
    """What stands before an expression's last bracket, in it, and after it."""
    match node:
        case ast.Call(func=func, args=args, keywords=keywords):
            parts = [("", each) for each in args] + [keyed(each) for each in keywords]
            if parts:
                return f"{flat(func)}(", parts, ")"
            if isinstance(func, ast.Attribute):
                inside = _bracketed(func.value)
                return inside and (inside[0], inside[1], f"{inside[2]}.{func.attr}()")
        case ast.List(elts=elements) | ast.Set(elts=elements):
            opening, closing = flat(node)[0], flat(node)[-1]
            return opening, [("", each) for each in elements], closing
        case ast.Tuple(elts=elements):
            return "(", [("", each) for each in elements], ")"
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return "{", [(f"{flat(k)}: " if k else "**", v) for k, v in pairs], "}"
        case ast.ListComp() | ast.GeneratorExp() | ast.DictComp():
            opening, closing = flat(node)[0], flat(node)[-1]
            return opening, [("", node)], closing
    return None


def _comprehension(node: ast.ListComp | ast.GeneratorExp | ast.DictComp, indent: str) -> list[str]:
    if isinstance(node, ast.DictComp):
        rows = laid(f"{indent}{flat(node.key)}: ", node.value)
    else:
        rows = laid(indent, node.elt)
    for each in node.generators:
        rows.append(f"{indent}for {flat(each.target, bare=True)} in {flat(each.iter)}")
        rows += [f"{indent}if {flat(test)}" for test in each.ifs]
    return rows


def _rows(node: ast.expr, indent: str) -> list[str]:
    """An expression without brackets over several lines, if it does not fit one."""
    if len(indent + flat(node)) <= WIDTH:
        return [indent + flat(node)]
    match node:
        case ast.IfExp(test=test, body=body, orelse=other):
            return [
                *laid(indent, body),
                *laid(f"{indent}if ", test),
                *laid(f"{indent}else ", other),
            ]
        case ast.BinOp(left=left, op=op, right=right):
            sign = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}[type(op)]
            if _is_weaker(node):
                inner = [f"{indent}{sign} (", *_rows(right, indent + "    "), f"{indent})"]
                return [*_rows(left, indent), *inner]
            return [*_rows(left, indent), *laid(f"{indent}{sign} ", right)]
    return [indent + flat(node)] if _bracketed(node) is None else laid(indent, node)


def _is_weaker(node: ast.BinOp) -> bool:
    """Whether the right operand stands in brackets."""
    return isinstance(node.right, ast.BinOp) and flat(node).endswith(f"({flat(node.right)})")
