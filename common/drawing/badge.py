"""A status badge as an SVG picture."""

from html import escape

CHARACTER, PADDING, HEIGHT = 6.6, 10, 20  # pixels; the width of a letter at 11 pixels, roughly
GREY, GREEN, RED = "#555", "#2e7d32", "#c62828"


def badge(label: str, value: str, *, good: bool = True) -> str:
    """A label on grey, and a value on green, or on red if it is not good."""
    left, right = (round(CHARACTER * len(text)) + 2 * PADDING for text in (label, value))
    colour, middle = GREEN if good else RED, HEIGHT // 2 + 4
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{HEIGHT}" '
        f'role="img" aria-label="{escape(label)}: {escape(value)}" '
        'font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" fill="#fff" '
        'text-anchor="middle">\n'
        f'<rect width="{left + right}" height="{HEIGHT}" rx="3" fill="{GREY}"/>\n'
        f'<path d="M{left} 0h{right - 3}q3 0 3 3v{HEIGHT - 6}q0 3-3 3h-{right - 3}z" '
        f'fill="{colour}"/>\n'
        f'<text x="{left / 2}" y="{middle}">{escape(label)}</text>\n'
        f'<text x="{left + right / 2}" y="{middle}">{escape(value)}</text>\n</svg>\n'
    )
