"""The report's pictures, as SVG to put into its page."""

from collections.abc import Sequence

from common.backends import BACKENDS, TITLES
from common.drawing.svg import as_svg, new_figure
from common.parity.results import Result

COLOURS = {"torch": "#d1495b", "tf": "#edae49", "jax": "#00798c", "jittor": "#6a4c93"}
MARKERS = {"float64": ".", "float32": "x"}
LEAST = 1e-18  # where an error of exactly zero is drawn


def errors_by_quantity(results: Sequence[Result]) -> str:
    """Every error as a dot: quantities side by side, one colour a framework."""
    measured = [r for r in results if r.error is not None]
    quantities = list(dict.fromkeys(r.quantity for r in measured))
    if not quantities:
        return ""
    figure, axes = new_figure()
    for lane, backend in enumerate(BACKENDS):
        for dtype, marker in MARKERS.items():
            ours = [r for r in measured if r.backend == backend and r.dtype == dtype]
            if ours:
                axes.scatter(
                    [quantities.index(r.quantity) + 0.2 * lane - 0.3 for r in ours],
                    [max(r.error or 0.0, LEAST) for r in ours],
                    s=12,
                    marker=marker,
                    label=f"{TITLES[backend]}, {dtype}",
                    alpha=0.5,
                    color=COLOURS[backend],
                    rasterized=True,
                )
    axes.set(yscale="log", ylabel=f"normwise error (0 drawn at {LEAST:.0e})")
    axes.set_xticks(range(len(quantities)), quantities, rotation=20)
    return as_svg(figure, axes)


def divergence(results: Sequence[Result]) -> str:
    """How far each run's parameters drift from the float64 reference over a hundred steps."""
    measured = [r for r in results if r.quantity == "trajectory" and r.error is not None]
    pictures = []
    for system in dict.fromkeys(r.system for r in measured):
        figure, axes = new_figure()
        ours = [r for r in measured if r.system == system and r.tensor == "discriminator"]
        for run in dict.fromkeys(r.run for r in ours):
            points = [r for r in ours if r.run == run]
            axes.plot(
                [r.step for r in points],
                [max(r.error or 0.0, LEAST) for r in points],
                marker=MARKERS[run.dtype],
                color=COLOURS[run.backend],
                linestyle="-" if run.dtype == "float64" else "--",
                label=str(run),
            )
        axes.set(
            xscale="log",
            yscale="log",
            xlabel="step",
            ylabel="normwise error of all parameters",
            title=f"{system}: the discriminator's divergence from the float64 reference",
        )
        pictures.append(as_svg(figure, axes))
    return "".join(pictures)
