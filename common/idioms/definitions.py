"""The source code of a public name in the four packages, without importing a framework."""

import ast
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from common import ROOT, UsageError
from common.backends import BACKENDS

Named = ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign


@dataclass(frozen=True)
class Definition:
    """The definition of a name in one package."""

    name: str  # as in losses.gradient_penalty
    backend: str
    path: str  # from the project's root
    line: int
    parts: tuple[str, ...]  # itself, then the private functions and constants of the module it uses

    @property
    def source(self) -> str:
        """The parts as one text."""
        return "\n\n\n".join(self.parts) + "\n"


def all_names() -> list[str]:
    """Every function and class that all four packages offer, as in losses.gradient_penalty."""
    first, *others = map(_names_of, BACKENDS)
    return [name for name in first if all(name in theirs for theirs in others)]


def _names_of(backend: str) -> list[str]:
    folder = _folder(backend)
    modules = sorted(path for path in folder.rglob("*.py") if path.name != "__init__.py")
    return [
        f"{'.'.join(path.relative_to(folder).with_suffix('').parts)}.{name}"
        for path in modules
        for name, node in _top_level(path).items()
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not name.startswith("_")
    ]


def find_definition(name: str, backend: str) -> Definition:
    """The definition of that name in that backend's package.

    Raises:
        UsageError: the package has no such name; the message suggests similar ones.
    """
    module, _, wanted = name.rpartition(".")
    folder = _folder(backend)
    path = folder.joinpath(*module.split(".")).with_suffix(".py")
    known = _top_level(path) if module and path.is_file() else {}
    node = known.get(wanted)
    if not isinstance(node, ast.FunctionDef | ast.ClassDef) or wanted.startswith("_"):
        near = get_close_matches(name, all_names(), n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(near)}?" if near else "; `rosetta idioms` lists them"
        raise UsageError(f"{folder.name} has no public {name!r}{hint}")
    lines = path.read_text(encoding="utf-8").splitlines()
    parts = tuple(
        "\n".join(lines[_first(part) - 1 : part.end_lineno]) for part in _with_used(known, node)
    )
    place = path.relative_to(ROOT).as_posix()
    return Definition(name, backend, place, _first(node), parts)


def _folder(backend: str) -> Path:
    return ROOT / f"{backend}_impl"


def _first(node: Named) -> int:
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


@cache
def _top_level(path: Path) -> dict[str, Named]:
    """The functions, classes and constants of a module, by name and in order."""
    definitions: dict[str, Named] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                definitions[node.name] = node
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                definitions[name] = node
    return definitions


def _with_used(known: dict[str, Named], node: Named) -> list[Named]:
    """The node, then what it uses of its module, in the module's order."""
    wanted, queue = [node], [node]
    while queue:
        used = {part.id for part in ast.walk(queue.pop()) if isinstance(part, ast.Name)}
        for name, other in known.items():
            helper = name.startswith("_") or isinstance(other, ast.Assign | ast.AnnAssign)
            if name in used and helper and other not in wanted:
                wanted.append(other)
                queue.append(other)
    return [node, *(part for part in known.values() if part in wanted and part is not node)]
