"""The definitions of one port's modules as syntax trees, and those that a script needs."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import ROOT
from common.eject.comments import parsed
from common.eject.exact import exact
from common.eject.one_device import one_device
from common.eject.plain import plain
from common.eject.scopes import globals_of, replaced, stored
from common.eject.shorter import shorter

Key = tuple[str, str]  # a module, as in "models.dcgan", and a name in it
GLUE = "glue"  # the module that joins the drawn parts to a script
ORDER = ("layers", "convolution", "spectral", "models", "losses", "optimisers", "steps", GLUE)


@dataclass(frozen=True)
class External:
    """A name that a module imports from a library: `from module import name as alias`."""

    module: str
    name: str | None
    alias: str


class Sources:
    """The modules of one port by name, and the text of the glue beside them."""

    def __init__(self, backend: str, glue: str) -> None:
        self.package = f"{backend}_impl"
        self.glue = glue
        self.definitions: dict[Key, ast.stmt] = {}
        self.imports: dict[Key, External | Key] = {}
        self.read: set[str] = set()

    def program(self, *roots: str) -> tuple[ast.Module, dict[str, External]]:
        """All that these names of the glue need, in the order of reading, and the imports."""
        wanted: set[Key] = set()
        externals: dict[str, External] = {}
        queue: list[Key] = [(GLUE, root) for root in roots]
        while queue:
            found = self._resolve(queue.pop())
            if isinstance(found, External):
                externals[found.alias] = found
            elif found is not None and found not in wanted:
                wanted.add(found)
                module, name = found
                queue += [(module, used) for used in globals_of(self.definitions[found])]
                queue += [key for key in self.definitions if key == (module, f"{name}()")]
        keys = sorted(wanted, key=self._place)
        return ast.Module(list(self._joined(keys)), []), externals

    def _joined(self, keys: list[Key]) -> Iterator[ast.stmt]:
        """The definitions, where a name of two modules has the second's name before it."""
        owners: dict[str, str] = {}
        for module, name in keys:
            owners.setdefault(name, module)
        for module, name in keys:
            node: Any = self.definitions[module, name]
            clashes = {
                other: f"_{module.split('.')[-1]}_{other.strip('_')}"
                for where, other in keys
                if where == module and owners[other] != module
            }
            replaced(node, {old: ast.Name(new, ast.Load()) for old, new in clashes.items()})
            if name in clashes and hasattr(node, "name"):
                node.name = clashes[name]
            elif name in clashes:
                node.targets = [ast.Name(clashes[name], ast.Store())]
            node.module = module
            yield node

    def _resolve(self, key: Key) -> Key | External | None:
        self._read(key[0])
        target = self.imports.get(key)
        if isinstance(target, tuple):
            return self._resolve(target)
        return target or (key if key in self.definitions else None)

    def _place(self, key: Key) -> tuple[int, str, int]:
        return ORDER.index(key[0].split(".")[0]), key[0], self.definitions[key].lineno

    def _read(self, module: str) -> None:
        if module in self.read:
            return
        self.read.add(module)
        text = self.glue if module == GLUE else self._path(module).read_text(encoding="utf-8")
        for node in parsed(text).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self.imports |= {(module, alias): to for alias, to in self._imported(node)}
            for name in _bound(node):
                self.definitions[module, name] = plain(exact(one_device(shorter(node))))

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
    """The names that a statement defines; "f()" for a call of f's own method."""
    match node:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name)))):
            return [f"{name}()"]
    return sorted(stored([node]))
