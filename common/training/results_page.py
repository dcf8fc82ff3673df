"""A Markdown page of runs in several frameworks and seeds, one section per experiment."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from common import UsageError
from common.data import load_dataset
from common.drawing.markdown import command_lines, table
from common.drawing.pictures import grid, symmetric
from common.files import make_folder, write_bytes
from common.quality.evaluation import maximum
from common.streams import generator_at
from common.systems import find_system
from common.systems.options import with_options
from common.training.across_seeds import Experiment, experiments, permutation_p_value, spread
from common.training.pictures import GRID_IMAGES
from common.training.segments import segments_of, variant_title
from common.training.side_by_side import PastRun

HEAD = """# Runs side by side

One section per experiment: the same system, data, weights, batches and noise in every framework,
from several seeds. A figure is the mean over the seeds of the last evaluation, ± their standard
deviation; what is counted is given as the least and the most. The pictures are of the first seed,
with the same noise in every framework.

Whether the frameworks differ is decided by a permutation test: the names of the frameworks are
permuted within each seed, and the page gives the share of permutations in which their means are at
least as far apart. Below {level:.0%} the frameworks differ significantly.
"""
LEVEL = 0.05
HEIGHTS = (2, 1)  # of the sample grids, and of the curves below them


def save_results_page(path: Path, runs: Sequence[PastRun]) -> int:
    """Write the page, with pictures in a folder of the same name; return the number of sections.

    Raises:
        UsageError: fewer than two frameworks or seeds of an experiment, a run that was never
            evaluated, or a file that cannot be written.
    """
    grouped = experiments(runs)
    for experiment in grouped:
        if min(len(experiment.variants), len(experiment.seeds)) < 2:
            raise UsageError(
                f"{experiment.system}: one framework or one seed is not enough for a comparison; "
                "train it in two frameworks and from two seeds, or write an .html page"
            )
    folder = make_folder(path.with_suffix(""))
    sections = []
    for number, experiment in enumerate(grouped, start=1):
        picture = folder / f"{number}-{experiment.system}.png"
        write_bytes(picture, _picture(experiment))
        sections.append(_section(experiment, f"{folder.name}/{picture.name}"))
    head = HEAD.format(level=LEVEL)
    write_bytes(path, "\n".join([head, *sections]).encode())
    return len(grouped)


def _section(experiment: Experiment, picture: str) -> str:
    first = experiment.runs[experiment.variants[0], experiment.seeds[0]]
    name = experiment.figures[0]
    title = name.replace("_", " ")
    return "\n".join(
        [
            f"## `{experiment.system}` on {experiment.data}\n",
            f"![samples of each framework, and the {title} over the steps]({picture})\n",
            _table(experiment),
            _verdict(experiment, name),
            "```",
            command_lines(["rosetta", *segments_of(first.config)[0]["command"]]),
            "```\n",
        ]
    )


def _table(experiment: Experiment) -> str:
    rows = []
    for name in experiment.figures:
        most = maximum(name, experiment.data)
        cells = [_counts(v, most) if most else _mean(v) for v in experiment.values(name)]
        rows.append([name.replace("_", " "), *cells])
    return table(["", *(variant_title(name) for name in experiment.variants)], rows)


def _mean(values: NDArray[Any]) -> str:
    return f"{values.mean():.4g} ± {values.std(ddof=1):.2g}"


def _counts(values: NDArray[Any], most: int) -> str:
    """What was counted, least and most over the runs, of how many: "9 to 10 of 10"."""
    low, high = (f"{value:.0f}" for value in (values.min(), values.max()))
    return f"{low} of {most}" if low == high else f"{low} to {high} of {most}"


def _verdict(experiment: Experiment, name: str) -> str:
    values = experiment.values(name)
    between_seeds, between_frameworks = spread(values)
    p_value = permutation_p_value(values)
    seeds = ", ".join(str(seed) for seed in experiment.seeds)
    verdict = "differ" if p_value < LEVEL else "do not differ"
    return (
        f"Seeds {seeds}. The {name.replace('_', ' ')} varies by {between_seeds:.2g} between seeds "
        f"of one framework and by {between_frameworks:.2g} between frameworks at one seed; "
        f"permuted frameworks differ as much in {p_value:.1%} of all permutations: they {verdict} "
        "significantly.\n"
    )


def _picture(experiment: Experiment) -> bytes:
    from matplotlib.figure import Figure

    real = real_images(experiment)
    panels = [*experiment.variants, *(["real"] if real is not None else [])]
    figure = Figure(figsize=(3 * len(panels), 5.5), layout="constrained")
    mosaic: list[Any] = [panels, ["curves"] * len(panels)]
    axes = figure.subplot_mosaic(mosaic, height_ratios=HEIGHTS)
    for variant in experiment.variants:
        grid = experiment.runs[variant, experiment.seeds[0]].grid
        _show(axes[variant], None if grid is None else Image.open(grid), variant_title(variant))
    if real is not None:
        _show(axes["real"], real, "real")
    _show_curves(axes["curves"], experiment)
    content = BytesIO()
    figure.savefig(content, format="png", dpi=100)
    return content.getvalue()


def real_images(experiment: Experiment) -> Image.Image | None:
    """Real images of the experiment's data, as many as a grid holds; None for points.

    Pictures of points show the real ones in grey. None also where the data are not at hand.
    """
    config = next(iter(experiment.runs.values())).config
    options = {k: v for k, v in config["system"].items() if k != "name"}
    try:
        system = with_options(find_system(experiment.system), options)
        if system.point_dim is not None:
            return None
        dataset = load_dataset(experiment.data, system, experiment.seeds[0])
    except UsageError:
        return None
    chosen = generator_at(0, "evaluation", "real").permutation(dataset.size)[:GRID_IMAGES]
    samples = dataset.samples([int(index) for index in chosen])
    return grid(symmetric(samples, system))


def _show(axes: Any, picture: Image.Image | None, title: str) -> None:
    axes.set_title(title)
    axes.axis("off")
    if picture is not None:
        with picture:
            # Squares, since interpolation would blur small images.
            axes.imshow(np.asarray(picture.convert("RGB")), interpolation="nearest")


def _show_curves(axes: Any, experiment: Experiment) -> None:
    from matplotlib.ticker import LogLocator

    name = experiment.figures[0]
    for number, variant in enumerate(experiment.variants):
        for seed in experiment.seeds:
            evaluated = experiment.runs[variant, seed].evaluations
            points = [(entry["step"], entry[name]) for entry in evaluated]
            label = variant_title(variant) if seed == experiment.seeds[0] else None
            axes.plot(*zip(*points, strict=True), color=f"C{number}", label=label, linewidth=1)
    axes.set(xlabel="step", ylabel=name.replace("_", " "), yscale="log")
    axes.yaxis.set_minor_locator(LogLocator(subs=(2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:g}")
    axes.legend(fontsize="small")
