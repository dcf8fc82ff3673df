"""Samples and loss curves as PNG files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from math import ceil, sqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from common.files import write_bytes
from common.systems import System

BARS = 40
REACH = 1.5  # the least range of the axes, if there are no real points
COLOURS = {"real": "0.7", "generated": "C0"}
GAP = 2  # pixels between the pictures of a grid
FRAMES = 60
FRAME_MILLISECONDS = 150
LAST_FRAME_MILLISECONDS = 1500


@dataclass(frozen=True)
class Layout:
    """How images are arranged in a grid."""

    columns: int | None = None  # None: as many as rows, or one more
    scale: int = 1  # the side of a square that shows one pixel


def grid(images: NDArray[Any], layout: Layout = Layout()) -> Image.Image:
    """Images (N, C, H, W) in [−1, 1] as one grid, row by row."""
    images = images.repeat(layout.scale, axis=2).repeat(layout.scale, axis=3)
    count, channels, height, width = images.shape
    columns = min(count, layout.columns or ceil(sqrt(count)))
    rows = ceil(count / columns)
    canvas = np.full(
        (rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, channels), 255, np.uint8
    )
    for index, picture in enumerate(as_bytes(images).transpose(0, 2, 3, 1)):
        row, column = divmod(index, columns)
        top, left = GAP + row * (height + GAP), GAP + column * (width + GAP)
        canvas[top : top + height, left : left + width] = picture
    return Image.fromarray(canvas[:, :, 0] if channels == 1 else canvas)


def as_bytes(images: NDArray[Any]) -> NDArray[np.uint8]:
    """Images in [−1, 1] as pixels from 0 to 255."""
    pixels: NDArray[np.uint8] = np.clip(np.rint((images + 1) * 127.5), 0, 255).astype(np.uint8)
    return pixels


def symmetric(samples: NDArray[Any], system: System) -> NDArray[Any]:
    """Samples with pixels scaled to [−1, 1], from the range of the system's generator."""
    return 2 * samples - 1 if system.networks.pixel_range == "unit" else samples


def save_samples(
    path: Path,
    samples: NDArray[Any],
    system: System,
    real: NDArray[Any] | None = None,
    *,
    layout: Layout = Layout(),
) -> None:
    """Save samples as a PNG: images as a grid, points as a scatter plot, numbers as a histogram.

    `real` points or numbers are drawn in grey in the background.

    Raises:
        UsageError: the file cannot be written.
    """
    if samples.ndim == 4:
        images = symmetric(samples, system)
        _write(path, lambda content: grid(images, layout).save(content, format="png"))
        return
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4, 4), layout="constrained")
    axes = figure.add_subplot()
    drawn = {"generated": samples} if real is None else {"real": real, "generated": samples}
    (_draw_numbers if samples.shape[1] == 1 else _draw_points)(axes, drawn)
    if real is not None:
        axes.legend(
            loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False, markerscale=3
        )
    _write(path, lambda content: figure.savefig(content, format="png", dpi=120))


def _draw_numbers(axes: Any, drawn: Mapping[str, NDArray[Any]]) -> None:
    edges = np.histogram_bin_edges(np.concatenate(list(drawn.values())), bins=BARS)
    for name, numbers in drawn.items():
        axes.hist(numbers[:, 0], edges, density=True, label=name, color=COLOURS[name], alpha=0.7)
    axes.set(xlabel="number", ylabel="density")


def _draw_points(axes: Any, drawn: Mapping[str, NDArray[Any]]) -> None:
    for name, points in drawn.items():
        axes.scatter(*points.T, s=3, linewidths=0, label=name, color=COLOURS[name])
    # Scaled by the real points if there are any, so that all pictures of a run have the same axes.
    farthest = 1.1 * np.abs(next(iter(drawn.values()))).max()
    reach = farthest if "real" in drawn else max(REACH, farthest)
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")


def save_animation(path: Path, pictures: Sequence[Path]) -> None:
    """Write pictures of one size as a looping GIF.

    Raises:
        UsageError: the file cannot be written.
    """
    if not pictures:
        return
    save_frames(path, [Image.open(picture) for picture in pictures])


def save_frames(path: Path, pictures: Sequence[Image.Image]) -> None:
    """Write at most FRAMES pictures, evenly spaced and the last one longest, as a looping GIF.

    Raises:
        UsageError: the file cannot be written.
    """
    chosen = sorted({round(at) for at in np.linspace(0, len(pictures) - 1, FRAMES)})
    # Dithering would draw patterns into grey areas.
    frames = [pictures[i].convert("RGB").quantize(dither=Image.Dither.NONE) for i in chosen]
    durations = [FRAME_MILLISECONDS] * (len(frames) - 1) + [LAST_FRAME_MILLISECONDS]
    _write(
        path,
        lambda content: frames[0].save(
            content, "gif", save_all=True, append_images=frames[1:], duration=durations, loop=0
        ),
    )


def save_loss_plot(path: Path, metrics: Sequence[Mapping[str, float]]) -> None:
    """Write both losses over the steps as a PNG.

    Raises:
        UsageError: the file cannot be written.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3.5), layout="constrained")
    axes = figure.add_subplot()
    steps = [entry["step"] for entry in metrics]
    for name, label in (("loss_d", "discriminator"), ("loss_g", "generator")):
        axes.plot(steps, [entry[name] for entry in metrics], label=label, linewidth=1)
    axes.set(xlabel="step", ylabel="loss")
    axes.legend()
    _write(path, lambda content: figure.savefig(content, format="png", dpi=120))


def _write(path: Path, draw: Callable[[BytesIO], object]) -> None:
    content = BytesIO()
    draw(content)
    write_bytes(path, content.getvalue())
