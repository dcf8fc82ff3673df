"""Sample grids and loss curves as PNG files."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from math import ceil, sqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

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


def save_grid(path: Path, images: NDArray[Any]) -> None:
    """Write the sheet as a PNG.

    Raises:
        UsageError: the file cannot be written.
    """
    content = BytesIO()
    grid(images).save(content, format="png")
    write_bytes(path, content.getvalue())


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
    content = BytesIO()
    figure.savefig(content, format="png", dpi=120)
    write_bytes(path, content.getvalue())
