"""Samples and loss curves as PNG files."""

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from math import ceil, sqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from common.catalogue import System
from common.tensors import write_bytes

GAP = 2  # pixels between the pictures of a grid


def grid(images: NDArray[Any]) -> Image.Image:
    """Images (N, C, H, W) in [−1, 1] as one near-square sheet, row by row."""
    count, channels, height, width = images.shape
    columns = ceil(sqrt(count))
    rows = ceil(count / columns)
    sheet = np.full(
        (rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, channels), 255, np.uint8
    )
    pixels = np.clip(np.rint((images.transpose(0, 2, 3, 1) + 1) * 127.5), 0, 255).astype(np.uint8)
    for index, picture in enumerate(pixels):
        row, column = divmod(index, columns)
        top, left = GAP + row * (height + GAP), GAP + column * (width + GAP)
        sheet[top : top + height, left : left + width] = picture
    return Image.fromarray(sheet[:, :, 0] if channels == 1 else sheet)


def save_samples(path: Path, samples: NDArray[Any], system: System) -> None:
    """Draw samples as a PNG: images as a sheet, points in the plane, numbers as a histogram.

    Raises:
        UsageError: the file cannot be written.
    """
    if samples.ndim == 4:
        images = 2 * samples - 1 if system.pixel_range == "unit" else samples
        _write(path, lambda content: grid(images).save(content, format="png"))
        return
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4, 4), layout="constrained")
    axes = figure.add_subplot()
    if samples.shape[1] == 1:
        axes.hist(samples[:, 0], bins=40, density=True)
        axes.set(xlabel="generated number", ylabel="density")
    else:
        axes.scatter(samples[:, 0], samples[:, 1], s=3, linewidths=0)
        axes.set(xlim=(-1.5, 1.5), ylim=(-1.5, 1.5), aspect="equal")
    _write(path, lambda content: figure.savefig(content, format="png", dpi=120))


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
