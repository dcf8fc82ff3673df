"""Expressions on one line, as `ruff format` writes them."""

import ast

_BINARY: dict[type[ast.operator], tuple[str, int]] = {
    ast.Add: ("+", 11),
    ast.Sub: ("-", 11),
    ast.Mult: ("*", 12),
    ast.Div: ("/", 12),
    ast.FloorDiv: ("//", 12),
    ast.Mod: ("%", 12),
    ast.MatMult: ("@", 12),
    ast.Pow: ("**", 14),
    ast.BitOr: ("|", 7),
    ast.BitAnd: ("&", 9),
}
_COMPARED: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
_UNARY: dict[type[ast.unaryop], str] = {ast.USub: "-", ast.UAdd: "+", ast.Not: "not "}
_ATOM = 16


def flat(node: ast.expr, *, bare: bool = False, least: int = 0) -> str:
    """The expression on one line, in brackets if it binds less than `least`.

    A bare tuple has no brackets.
    """
    text, strength = _written(node, bare)
    return f"({text})" if strength < least else text


def keyed(node: ast.keyword) -> tuple[str, ast.expr]:
    """What stands before a keyword argument's value, and that."""
    return ("**" if node.arg is None else f"{node.arg}="), node.value


def _written(node: ast.expr, bare: bool) -> tuple[str, int]:
    """The text, and how tightly it binds."""
    match node:
        case ast.Name(id=name):
            return name, _ATOM
        case ast.Constant() | ast.JoinedStr():
            return literal(node), _ATOM
        case ast.Attribute(value=value, attr=name):
            return f"{flat(value, least=_ATOM)}.{name}", _ATOM
        case ast.Call(func=func, args=args, keywords=keywords):
            if len(args) == 1 and not keywords and isinstance(args[0], ast.GeneratorExp):
                return f"{flat(func, least=_ATOM)}{flat(args[0])}", _ATOM
            parts = [flat(each) for each in args]
            parts += [before + flat(value) for before, value in map(keyed, keywords)]
            return f"{flat(func, least=_ATOM)}({', '.join(parts)})", _ATOM
        case ast.Subscript(value=value, slice=index):
            return f"{flat(value, least=_ATOM)}[{_index(index)}]", _ATOM
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(left, op, right)
        case ast.UnaryOp(op=op, operand=operand):
            strength = 5 if isinstance(op, ast.Not) else 13
            if isinstance(operand, ast.BinOp) and isinstance(operand.op, ast.Pow):
                strength = 15  # as ruff writes it
            return f"{_UNARY[type(op)]}{flat(operand, least=strength)}", min(strength, 13)
        case ast.BoolOp(op=boolean, values=values):
            word, strength = (" and ", 4) if isinstance(boolean, ast.And) else (" or ", 3)
            return word.join(flat(each, least=strength + 1) for each in values), strength
        case ast.Compare(left=left, ops=ops, comparators=others):
            pairs = zip(ops, others, strict=True)
            rest = [f" {_COMPARED[type(o)]} {flat(each, least=7)}" for o, each in pairs]
            return flat(left, least=7) + "".join(rest), 6
        case ast.IfExp(test=test, body=body, orelse=other):
            inner = flat(body, least=3), flat(test, least=3), flat(other, least=2)
            return f"{inner[0]} if {inner[1]} else {inner[2]}", 2
        case ast.Lambda(args=arguments, body=body):
            names = ", ".join(each.arg for each in arguments.args)
            return f"lambda {names}: {flat(body)}" if names else f"lambda: {flat(body)}", 1
    return _collection(node, bare)


def _collection(node: ast.expr, bare: bool) -> tuple[str, int]:
    match node:
        case ast.Yield(value=value) if value is not None:
            return f"yield {flat(value, bare=True)}", 0
        case ast.YieldFrom(value=value):
            return f"yield from {flat(value)}", 0
        case ast.Starred(value=value):
            return f"*{flat(value, least=7)}", 1
        case ast.Tuple(elts=elements):
            inside = ", ".join(map(flat, elements)) + ("," if len(elements) == 1 else "")
            if bare and len(elements) > 1:
                return inside, 0
            return f"({inside})", _ATOM
        case ast.List(elts=elements):
            return f"[{', '.join(map(flat, elements))}]", _ATOM
        case ast.Set(elts=elements):
            return f"{{{', '.join(map(flat, elements))}}}", _ATOM
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            inside = ", ".join(f"{flat(k)}: {flat(v)}" if k else f"**{flat(v)}" for k, v in pairs)
            return f"{{{inside}}}", _ATOM
        case ast.ListComp(elt=element, generators=generators):
            return f"[{flat(element)}{_clauses(generators)}]", _ATOM
        case ast.SetComp(elt=element, generators=generators):
            return f"{{{flat(element)}{_clauses(generators)}}}", _ATOM
        case ast.GeneratorExp(elt=element, generators=generators):
            return f"({flat(element)}{_clauses(generators)})", _ATOM
        case ast.DictComp(key=key, value=value, generators=generators):
            return f"{{{flat(key)}: {flat(value)}{_clauses(generators)}}}", _ATOM
    raise NotImplementedError(f"{type(node).__name__}: {ast.unparse(node)}")


def _clauses(generators: list[ast.comprehension]) -> str:
    return "".join(
        f" for {flat(each.target, bare=True)} in {flat(each.iter, least=3)}"
        + "".join(f" if {flat(test, least=3)}" for test in each.ifs)
        for each in generators
    )


def _binary(left: ast.expr, op: ast.operator, right: ast.expr) -> tuple[str, int]:
    sign, strength = _BINARY[type(op)]
    if isinstance(op, ast.Pow):
        apart = "" if _is_simple(left) and _is_simple(right) else " "
        inner = flat(left, least=15), flat(right, least=13)
        return f"{inner[0]}{apart}{sign}{apart}{inner[1]}", strength
    return f"{flat(left, least=strength)} {sign} {flat(right, least=strength + 1)}", strength


def _is_simple(node: ast.expr) -> bool:
    """Whether ruff writes no spaces around a power of this."""
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    while isinstance(node, ast.Attribute):
        node = node.value
        if not isinstance(node, ast.Name | ast.Attribute):
            return False
    return isinstance(node, ast.Name | ast.Constant)


def _index(node: ast.expr) -> str:
    if isinstance(node, ast.Tuple) and node.elts:
        return ", ".join(map(_index, node.elts))
    if not isinstance(node, ast.Slice):
        return flat(node)
    ends = [node.lower, node.upper]
    plain = all(each is None or _is_plain(each) for each in ends)
    lower, upper = ("" if each is None else flat(each) for each in ends)
    if plain:
        return f"{lower}:{upper}"
    return (f"{lower} :" if lower else ":") + (f" {upper}" if upper else "")


def _is_plain(node: ast.expr) -> bool:
    return isinstance(node, ast.Name | ast.Constant) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant)
    )


def literal(node: ast.Constant | ast.JoinedStr) -> str:
    """A number or an f-string as its module spells it; strings in double quotes."""
    raw: str | None = getattr(node, "raw", None)
    if raw is not None or isinstance(node, ast.JoinedStr):
        return raw or ast.unparse(node)
    if isinstance(node.value, str):
        escaped = node.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{escaped}"'
    return "..." if node.value is ... else repr(node.value)
