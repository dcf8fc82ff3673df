"""The definitions of one port's modules, and those that a script needs."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from common import ROOT

Key = tuple[str, str]  # a module, as in "models.dcgan", and a name in it
Edit = Callable[[str, str], str]  # of a definition's text, given its module
GLUE = "glue"  # the module that joins the drawn parts to a script
ORDER = ("layers", "spectral", "models", "losses", "optimisers", "steps", GLUE)
_IGNORED = re.compile(r"  # type: ignore\[[a-z-]+\]")


@dataclass(frozen=True)
class External:
    """A name that a module imports from a library: `from module import name as alias`."""

    module: str
    name: str | None
    alias: str


@dataclass(frozen=True)
class Definition:
    """A function, class, constant or statement of a module as text, from that line on."""

    line: int
    text: str

    def names(self) -> set[str]:
        """Every name that it reads or binds."""
        return _names(self.text)


@cache
def _names(text: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}


class Sources:
    """The modules of one port by name, and the text of the glue beside them."""

    def __init__(self, backend: str, glue: str, edit: Edit) -> None:
        self.package = f"{backend}_impl"
        self.glue = glue
        self.edit = edit
        self.definitions: dict[Key, Definition] = {}
        self.imports: dict[Key, External | Key] = {}
        self.read: set[str] = set()

    def needed(self, *roots: str) -> tuple[list[Key], set[External]]:
        """What these names of the glue need, in the order of reading, and the imports."""
        wanted: set[Key] = set()
        externals: set[External] = set()
        queue: list[Key] = [(GLUE, root) for root in roots]
        while queue:
            found = self._resolve(queue.pop())
            if isinstance(found, External):
                externals.add(found)
            elif found is not None and found not in wanted:
                wanted.add(found)
                module, name = found
                queue += [(module, used) for used in self.definitions[found].names()]
                queue += [key for key in self.definitions if key == (module, f"{name}()")]
        return sorted(wanted, key=self._place), externals

    def _resolve(self, key: Key) -> Key | External | None:
        self._read(key[0])
        target = self.imports.get(key)
        if isinstance(target, tuple):
            return self._resolve(target)
        return target or (key if key in self.definitions else None)

    def _place(self, key: Key) -> tuple[int, str, int]:
        return ORDER.index(key[0].split(".")[0]), key[0], self.definitions[key].line

    def _read(self, module: str) -> None:
        if module in self.read:
            return
        self.read.add(module)
        text = self.glue if module == GLUE else self._path(module).read_text(encoding="utf-8")
        lines = text.splitlines()
        for node in ast.parse(text).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self.imports |= {(module, alias): to for alias, to in self._imported(node)}
            for name in _bound(node):
                first = _first(node, lines)
                raw = _IGNORED.sub("", "\n".join(lines[first - 1 : node.end_lineno]))
                self.definitions[module, name] = Definition(first, self.edit(module, raw))

    def _path(self, module: str) -> Path:
        return ROOT.joinpath(self.package, *module.split(".")).with_suffix(".py")

    def _imported(self, node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, External | Key]]:
        for name in node.names:
            alias = name.asname or name.name
            if isinstance(node, ast.Import):
                yield alias, External(name.name, None, alias)
            elif (node.module or "").startswith(f"{self.package}."):
                yield alias, ((node.module or "").removeprefix(f"{self.package}."), name.name)
            else:
                yield alias, External(node.module or "", name.name, alias)


def _bound(node: ast.stmt) -> list[str]:
    """The name that a statement defines; "f()" for a call of f's own method."""
    match node:
        case ast.FunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name)))):
            return [f"{name}()"]
    return []


def _first(node: ast.stmt, lines: list[str]) -> int:
    """The first line of a statement with its decorators and the comments above it."""
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    while first > 1 and lines[first - 2].startswith("#"):
        first -= 1
    return first
