"""Convolutions of given inputs and kernels, with every padding that has a given size."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from common.check.hints.evidence import Evidence, Floats

STRIDES = (1, 2, 3, 4)
LARGEST = 2**27  # products of a full convolution; of larger ones, the first samples and channels


@dataclass(frozen=True)
class Placed:
    """A convolution whose output begins at one place of the full one."""

    transposed: bool
    turned: bool  # the kernel, by 180 degrees
    before: tuple[int, int]  # rows and columns of padding before the first, or of crop


def placements(
    evidence: Evidence, inputs: Floats
) -> Iterator[tuple[Evidence, list[tuple[Placed, Floats]]]]:
    """Part of the evidence, with that part of the output of every convolution that fits.

    One pair for a convolution, and one for every stride of a transposed one.
    """
    kernel = evidence.weight("weight")
    if kernel is None or kernel.ndim != 4 or inputs.shape[0] != evidence.exact.shape[0]:
        return
    channels = (evidence.exact.shape[1], inputs.shape[1])
    if kernel.shape[:2] == channels:
        yield _candidates(evidence, inputs, kernel, STRIDES, transposed=False)
    if kernel.shape[:2] == channels[::-1]:
        weights = kernel.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1]
        for stride in STRIDES:
            yield _candidates(evidence, _stretched(inputs, stride), weights, (1,), transposed=True)


def _stretched(inputs: Floats, stride: int) -> Floats:
    """Zeros between the pixels, as a transposed convolution has them."""
    samples, channels, *sizes = inputs.shape
    wide = np.zeros((samples, channels, *((size - 1) * stride + 1 for size in sizes)))
    wide[:, :, ::stride, ::stride] = inputs
    return wide


def _candidates(
    evidence: Evidence,
    inputs: Floats,
    kernel: Floats,
    strides: tuple[int, ...],
    *,
    transposed: bool,
) -> tuple[Evidence, list[tuple[Placed, Floats]]]:
    samples, channels = _affordable(inputs, kernel)
    here = (slice(0, samples), slice(0, channels))
    part = replace(
        evidence, values=evidence.values[here], reference=evidence.reference[here], forward={}
    )
    bias = evidence.weight("bias", np.empty(evidence.exact.shape[1]))
    offset = 0.0 if bias is None else bias[:channels, None, None]
    sizes = (kernel.shape[2], kernel.shape[3])
    full = tuple(size + k - 1 for size, k in zip(inputs.shape[2:], sizes, strict=True))
    places = [
        (stride, start)
        for stride, start in product(strides, product(range(sizes[0]), range(sizes[1])))
        if _fits(full, start, part.exact.shape, stride)
    ]
    found = []
    for turned in (False, True) if places else ():
        used = kernel[:channels, :, ::-1, ::-1] if turned else kernel[:channels]
        maps = correlate(inputs[:samples], used)
        for stride, start in places:
            placed = Placed(transposed, turned, _before(start, sizes, transposed))
            found.append((placed, _window(maps, start, part.exact.shape, stride) + offset))
    return part, found


def _before(start: tuple[int, int], kernel: tuple[int, int], transposed: bool) -> tuple[int, int]:
    if transposed:
        return start
    return kernel[0] - 1 - start[0], kernel[1] - 1 - start[1]


def _affordable(inputs: Floats, kernel: Floats) -> tuple[int, int]:
    """How many samples and output channels are computed again."""
    of_one = inputs[0].size * kernel.shape[2] * kernel.shape[3]
    pairs = max(1, LARGEST // of_one)
    samples = min(len(inputs), max(1, pairs // len(kernel)))
    return samples, min(len(kernel), max(1, pairs // samples))


def _ends(start: tuple[int, int], shape: tuple[int, ...], stride: int) -> list[int]:
    """Behind the last row and the last column of an output of this shape."""
    return [begin + (size - 1) * stride + 1 for begin, size in zip(start, shape[2:], strict=True)]


def _fits(
    full: tuple[int, ...], start: tuple[int, int], shape: tuple[int, ...], stride: int
) -> bool:
    """Whether the output that begins there ends within the full map's last rows and columns.

    It may end one behind them: output padding adds a row that holds the bias alone.
    """
    ends = _ends(start, shape, stride)
    beyond = [end - size for end, size in zip(ends, full, strict=True)]
    return max(beyond) <= (stride == 1)


def _window(full: Floats, start: tuple[int, int], shape: tuple[int, ...], stride: int) -> Floats:
    ends = _ends(start, shape, stride)
    missing = [max(0, end - size) for end, size in zip(ends, full.shape[2:], strict=True)]
    padded = np.pad(full, [(0, 0), (0, 0), *((0, rows) for rows in missing)])
    rows, columns = (slice(begin, end, stride) for begin, end in zip(start, ends, strict=True))
    part: Floats = padded[:, :, rows, columns]
    return part


def correlate(inputs: Floats, kernel: Floats) -> Floats:
    """Every position at which kernel (out, in, h, w) and inputs (N, in, H, W) overlap."""
    height, width = kernel.shape[2:]
    padded = np.pad(inputs, [(0, 0), (0, 0), (height - 1,) * 2, (width - 1,) * 2])
    rows, columns = padded.shape[2] - height + 1, padded.shape[3] - width + 1
    total = np.zeros((len(inputs), len(kernel), rows, columns))
    for i, j in product(range(height), range(width)):
        window = padded[:, :, i : i + rows, j : j + columns]
        total += np.tensordot(kernel[:, :, i, j], window, (1, 1)).transpose(1, 0, 2, 3)
    return total
