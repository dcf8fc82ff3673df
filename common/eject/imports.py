"""The import statements of a script, sorted as ruff sorts them."""

import sys
from collections.abc import Iterable

from common.eject.sources import External
from common.eject.text import call


def import_block(externals: Iterable[External]) -> str:
    """The statements in two sections: the standard library, then the rest."""
    sections: tuple[list[External], list[External]] = ([], [])
    for each in externals:
        standard = each.module.split(".")[0] in sys.stdlib_module_names
        sections[0 if standard else 1].append(each)
    return "\n\n".join("\n".join(_statements(section)) for section in sections if section)


def _statements(externals: list[External]) -> list[str]:
    plain = sorted(each for each in {_plain(e) for e in externals if e.name is None})
    members: dict[str, list[str]] = {}
    aliased = []
    for each in externals:
        if each.name is not None and each.name == each.alias:
            members.setdefault(each.module, []).append(each.name)
        elif each.name is not None:
            statement = f"from {each.module} import {each.name} as {each.alias}"
            aliased.append((each.module, statement))
    grouped = [
        (module, call(f"from {module} import ", sorted(names, key=_rank), ""))
        for module, names in members.items()
    ]
    ordered = sorted(grouped + aliased, key=lambda pair: (pair[0].casefold(), pair[1]))
    return plain + [statement for _, statement in ordered]


def _plain(each: External) -> str:
    return f"import {each.module}" + ("" if each.alias == each.module else f" as {each.alias}")


def _rank(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest."""
    kind = 0 if len(name) > 1 and name.isupper() else 1 if name[0].isupper() else 2
    return kind, name.casefold()
