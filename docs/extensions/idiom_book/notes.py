"""The entries of the catalogue that touch the lines of a listing, numbered as notes."""

import re
from html import escape

from common.backends import BACKENDS, TITLES
from common.idioms.statements import Line, Shown
from idiom_book.touching import Entry, touching

ENGLISH = "What follows: differences that touch these lines"
CHINESE = "由此而来：涉及这些代码行的差异（英文）"


class Notes:
    """The notes on the listing of one name, in the order of the catalogue."""

    def __init__(self, name: str, docname: str, *, is_chinese: bool) -> None:
        self.entries = touching(name)
        self.anchor = f"note-{name.replace('.', '-')}"
        self.to_root = "../" * docname.count("/")
        self.title = CHINESE if is_chinese else ENGLISH

    def numbers(self, line: Line) -> str:
        """Links to the notes on a line of code or a comment."""
        if line.shown == Shown.UNFOLDED or line.text.lstrip().startswith('"""'):
            return ""
        return "".join(
            f'<a class="note" data-pairs="{" ".join(entry.pairs)}" href="#{self.anchor}-{at}" '
            f'title="{escape(entry.title)}">{at}</a>'
            for at, entry in enumerate(self.entries, start=1)
            if entry.fragment in line.text
        )

    @property
    def html(self) -> str:
        """The folded list of notes; nothing if there are none."""
        if not self.entries:
            return ""
        items = "".join(self._item(at, each) for at, each in enumerate(self.entries, start=1))
        return (
            f'<details class="ways-notes"><summary>{self.title} '
            f"(<span>{len(self.entries)}</span>)</summary><ol>{items}</ol></details>"
        )

    def _item(self, at: int, entry: Entry) -> str:
        ways = "".join(
            f"<dt>{TITLES[b]}</dt><dd>{_code(entry.ways[b])}</dd>"
            for b in BACKENDS
            if b in entry.ways
        )
        return (
            f'<li value="{at}" id="{self.anchor}-{at}" data-pairs="{" ".join(entry.pairs)}">'
            f'<a href="{self.to_root}{entry.target}">'
            f"{_code(entry.title)}</a><dl>{ways}</dl></li>"
        )


def _code(text: str) -> str:
    """Words between backquotes as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
