"""Figures as SVG text, for HTML pages without external files."""

from io import StringIO
from typing import Any


def new_figure() -> tuple[Any, Any]:
    """A wide figure and its axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.5), layout="constrained")
    return figure, figure.add_subplot()


def as_svg(figure: Any, axes: Any) -> str:
    """The figure with its legend beside it, as an HTML element."""
    axes.legend(fontsize="small", ncols=2, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    text = StringIO()
    figure.savefig(text, format="svg")
    return "<figure>" + text.getvalue()[text.getvalue().index("<svg") :] + "</figure>"
