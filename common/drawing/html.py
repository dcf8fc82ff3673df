"""Self-contained web pages: their frame, their tables and their lists."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

STYLE = """
:root{color-scheme:light dark;--ok:#e7f5ec;--bad:#fbdfe0;--line:#ddd}
@media(prefers-color-scheme:dark){:root{--ok:#163d25;--bad:#5c1f22;--line:#444}
figure{background:#fff;color:#222;border-radius:4px}}
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .6rem;border-bottom:1px solid var(--line);text-align:left}
.ok{background:var(--ok)} .bad{background:var(--bad);font-weight:600}
svg{max-width:100%;height:auto}
.verdict{font-size:1.3rem;padding:.4rem .8rem}
.scroll{overflow-x:auto} caption{text-align:left;font-weight:600}
.grids{display:flex;flex-wrap:wrap;gap:1rem} .grids img{image-rendering:pixelated;width:16rem}
figure{margin:0}
"""


@dataclass(frozen=True)
class Cell:
    """The text of a table's cell, with a class of the style sheet and words for the pointer."""

    text: str
    css: str = ""
    title: str = ""


def page(title: str, *parts: str, style: str = "") -> bytes:
    """A page that loads nothing from elsewhere; the parts are HTML, `style` adds to STYLE."""
    head = (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width,initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{STYLE}{style}</style></head><body>"
    )
    return "\n".join([head, *parts, "</body></html>"]).encode()


def table(caption: str, heads: Sequence[str], rows: Iterable[Iterable[str | Cell]]) -> str:
    """A table of texts, which scrolls where it is too wide; nothing if it has no rows."""
    lines = [f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows]
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    whole = f"<table><caption>{escape(caption)}</caption><tr>{head}</tr>{''.join(lines)}</table>"
    return f"<div class='scroll'>{whole}</div>" if lines else ""


def bullets(heading: str, lines: Iterable[str]) -> str:
    """A heading and a list of texts; nothing if there are none."""
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<h2>{escape(heading)}</h2><ul>{items}</ul>" if items else ""


def _cell(content: str | Cell) -> str:
    cell = Cell(content) if isinstance(content, str) else content
    attributes = {"class": cell.css, "title": cell.title}
    text = "".join(f" {k}='{escape(v, quote=True)}'" for k, v in attributes.items() if v)
    return f"<td{text}>{escape(cell.text)}</td>"
