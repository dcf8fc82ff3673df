"""Lines of the glue that a system has, and calls as `ruff format` wraps them."""

import re
from collections.abc import Iterable

WIDTH = 100
_CONDITION = re.compile(r"  #\? (.+)$")


def chosen_lines(text: str, features: Iterable[str]) -> str:
    """The lines without a mark, and those marked `#? a !b` whose features are those given."""
    known = set(features)
    kept = []
    for line in text.splitlines():
        found = _CONDITION.search(line)
        if found is None or all(
            (mark.removeprefix("!") in known and not mark.startswith("!"))
            or (mark.startswith("!") and mark[1:] not in known)
            for mark in found[1].split()
        ):
            kept.append(_CONDITION.sub("", line))
    return "\n".join(kept) + "\n"


def call(before: str, arguments: Iterable[str], after: str = ")") -> str:
    """A call that begins with `before`, wrapped as ruff wraps it."""
    indent = re.match(r" *", before)[0]  # type: ignore[index]
    each = list(arguments)
    line = f"{before}{', '.join(each)}{after}"
    if len(line) <= WIDTH:
        return line
    inner = f"{indent}    {', '.join(each)}"
    if len(inner) <= WIDTH:
        return f"{before}\n{inner}\n{indent}{after}"
    rows = "".join(f"\n{indent}    {argument}," for argument in each)
    return f"{before}{rows}\n{indent}{after}"
