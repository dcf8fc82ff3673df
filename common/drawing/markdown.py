"""Tables and shell commands in Markdown."""

import shlex
import textwrap
from collections.abc import Iterable, Sequence

LINE = 88  # characters of a command that the book shows without scrolling
JOINED = "\0"  # between an option and its value, which stay on one line


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    first, *rest = [f"| {' | '.join(cells)} |" for cells in (heads, *rows)]
    return "\n".join([first, "|---" * len(heads) + "|", *rest]) + "\n"


def command_lines(words: Sequence[str]) -> str:
    """A command to be copied into a shell, continued before an option where it grows long."""
    parts: list[list[str]] = [[]]
    for word in words:
        if word.startswith("--"):
            parts.append([])
        parts[-1].append(word)
    whole = " ".join(shlex.join(part).replace(" ", JOINED) for part in parts)
    lines = textwrap.wrap(
        whole,
        LINE,
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return " \\\n".join(lines).replace(JOINED, " ")
