"""Tables in Markdown."""

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    first, *rest = [f"| {' | '.join(cells)} |" for cells in (heads, *rows)]
    return "\n".join([first, "|---" * len(heads) + "|", *rest]) + "\n"
