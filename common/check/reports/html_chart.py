"""How far each port is from its bound, over the steps, as SVG in the page's colours."""

import math
from collections.abc import Iterator, Sequence
from html import escape

from common.check.reports.stages import Stages, ratio, worst

WIDTH, HEIGHT = 440, 250
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 14, 40
COLOURS = 6  # of the style sheet
DASHES = ("", "7 4", "2 3", "9 3 2 3")
LOWEST, HIGHEST = -6, 13  # powers of ten; what lies beyond is drawn there
TICKS = 6  # at most, on each axis
Points = list[tuple[int, float]]


def chart(stages: Stages) -> str:
    """Error over bound of each port's worst array at each step, on a logarithmic scale."""
    runs = {port: list(_points(stages, port)) for port in stages.ports}
    powers = [power for points in runs.values() for _, power in points]
    steps = [step for points in runs.values() for step, _ in points]
    frame = _Frame(min(steps), max(steps), min(-1, *powers), max(1, *powers))
    drawn = "".join(_run(frame, number, points) for number, points in enumerate(runs.values()))
    words = f"error over bound of the worst array at each step, {stages.dtype}"
    legend = "".join(_entry(number, port) for number, port in enumerate(runs))
    return (
        f"<figure class='chart'><svg viewBox='0 0 {WIDTH} {HEIGHT}' role='img' "
        f"aria-label='{words}'>{frame.axes()}{drawn}</svg>"
        f"<ul class='legend'>{legend}</ul></figure>"
    )


class _Frame:
    """Where steps and powers of ten lie on the picture."""

    def __init__(self, first: int, last: int, low: float, high: float) -> None:
        self.first, self.last = first, last
        self.low, self.high = math.floor(low), math.ceil(high)

    def x(self, step: float) -> float:
        wide = WIDTH - LEFT - RIGHT - 24
        at = (step - self.first) / (self.last - self.first) if self.last > self.first else 0.5
        return round(LEFT + 12 + at * wide, 1)

    def y(self, power: float) -> float:
        high = HEIGHT - TOP - BOTTOM
        return round(TOP + (self.high - power) / (self.high - self.low) * high, 1)

    def axes(self) -> str:
        """Grid, numbers and names of both axes, and the bound."""
        right, foot = WIDTH - RIGHT, HEIGHT - BOTTOM
        parts = []
        for power in _ticks(self.low, self.high):
            y = self.y(power)
            parts.append(f"<line class='grid' x1='{LEFT}' x2='{right}' y1='{y}' y2='{y}'/>")
            parts.append(f"<text x='{LEFT - 6}' y='{y + 4}' text-anchor='end'>{_ten(power)}</text>")
        for step in _ticks(self.first, self.last):
            parts.append(f"<text x='{self.x(step)}' y='{foot + 16}' text-anchor='middle'>{step}")
            parts.append("</text>")
        y, middle = self.y(0), TOP + (foot - TOP) / 2
        return "".join(
            [
                *parts,
                f"<line class='axis' x1='{LEFT}' x2='{right}' y1='{foot}' y2='{foot}'/>",
                f"<line class='limit' x1='{LEFT}' x2='{right}' y1='{y}' y2='{y}'/>",
                f"<text class='limit-name' x='{right}' y='{y - 5}' text-anchor='end'>bound</text>",
                f"<text x='{(LEFT + right) / 2}' y='{HEIGHT - 6}' text-anchor='middle'>step</text>",
                f"<text transform='translate(13 {middle}) rotate(-90)' text-anchor='middle'>"
                "error / bound</text>",
            ]
        )


def _points(stages: Stages, port: str) -> Iterator[tuple[int, float]]:
    """Of each step the power of ten of the worst array's error over its bound."""
    by_step: dict[int, list[float]] = {}
    for block in stages.blocks:
        found = worst(stage.cells[port] for stage in block.stages if port in stage.cells)
        if found is not None:
            by_step.setdefault(block.step, []).append(ratio(found))
    for step, sizes in by_step.items():
        size = max(sizes)
        yield step, min(max(math.log10(size) if size else LOWEST, LOWEST), HIGHEST)


def _run(frame: _Frame, number: int, points: Points) -> str:
    places = [(frame.x(step), frame.y(power)) for step, power in points]
    line = " ".join(f"{'L' if at else 'M'}{x} {y}" for at, (x, y) in enumerate(places))
    dots = "".join(_dot(number, x, y) for x, y in places) if len(places) <= 60 else ""
    return f"<g class='p{number % COLOURS}'>{_path(number, line)}{dots}</g>"


def _entry(number: int, port: str) -> str:
    line = f"{_path(number, 'M1 7 L37 7')}{_dot(number, 19, 7)}"
    swatch = f"<svg viewBox='0 0 38 14' aria-hidden='true'>{line}</svg>"
    return f"<li class='p{number % COLOURS}'>{swatch}<span>{escape(port)}</span></li>"


def _path(number: int, line: str) -> str:
    return f"<path class='run' d='{line}' stroke-dasharray='{DASHES[number % len(DASHES)]}'/>"


def _dot(number: int, x: float, y: float) -> str:
    """A circle, a square or a triangle, so that colour is not all that tells ports apart."""
    if number % 3 == 0:
        return f"<circle class='dot' cx='{x}' cy='{y}' r='4'/>"
    if number % 3 == 1:
        return f"<rect class='dot' x='{x - 3.5:.1f}' y='{y - 3.5:.1f}' width='7' height='7'/>"
    left, right, foot = f"{x - 4.5:.1f}", f"{x + 4.5:.1f}", f"{y + 4:.1f}"
    return f"<path class='dot' d='M{x} {y - 5:.1f} L{right} {foot} L{left} {foot} Z'/>"


def _ticks(low: int, high: int) -> Sequence[int]:
    """A few whole numbers from the lowest on, zero among them if it lies between."""
    stride = max(1, math.ceil((high - low) / TICKS))
    chosen = [number for number in range(low, high + 1) if number % stride == 0]
    near = any(2 * (number - low) < stride for number in chosen)
    return chosen if near else [low, *chosen]


def _ten(power: int) -> str:
    digits = str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    beyond = {LOWEST: "≤", HIGHEST: "≥"}.get(power, "")
    return "1" if power == 0 else f"{beyond}10{digits}"
