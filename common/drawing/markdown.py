"""Tables and shell commands in Markdown."""

import shlex
import textwrap
from collections.abc import Iterable, Sequence

LINE = 88  # characters of a command that fit on a page of the book
JOINED = "\0"  # stands between an option and its value, which stay on one line


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table from cells in Markdown."""
    first, *rest = [f"| {' | '.join(cells)} |" for cells in (heads, *rows)]
    return "\n".join([first, "|---" * len(heads) + "|", *rest]) + "\n"


def command_lines(words: Sequence[str]) -> str:
    """A shell command; long ones are continued on the next line, before an option."""
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
