"""Which classes and functions of a port a system uses, read from its module `gan`."""

import ast
from typing import Any

from common import ROOT


def parts(backend: str, part: Any, table: str) -> tuple[str, ...]:
    """The names of `table`'s entry for that part, as in ("dcgan.Generator", …)."""
    path = ROOT / f"{backend}_impl" / "gan.py"
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.AnnAssign) or ast.unparse(node.target) != table:
            continue
        assert isinstance(node.value, ast.Dict)
        for key, value in zip(node.value.keys, node.value.values, strict=True):
            if key is not None and ast.unparse(key).split(".")[-1] == type(part).__name__:
                entries = value.elts if isinstance(value, ast.Tuple) else [value]
                return tuple(map(ast.unparse, entries))
    raise LookupError(f"{path}: {table} has no {type(part).__name__}")
