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

    One pair for every stride, and for a convolution and a transposed one.
    """
    kernel = evidence.weight("weight")
    if kernel is None or kernel.ndim != 4 or inputs.shape[0] != evidence.exact.shape[0]:
        return
    channels = (evidence.exact.shape[1], inputs.shape[1])
    for transposed in (False, True):
        if kernel.shape[:2] != (channels[::-1] if transposed else channels):
            continue
        weights = kernel.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1] if transposed else kernel
        for stride in STRIDES:
            whole = _stretched(inputs, stride) if transposed else inputs
            yield _candidates(evidence, whole, weights, 1 if transposed else stride, transposed)


def _stretched(inputs: Floats, stride: int) -> Floats:
    """Zeros between the pixels, as a transposed convolution has them."""
    samples, channels, *sizes = inputs.shape
    wide = np.zeros((samples, channels, *((size - 1) * stride + 1 for size in sizes)))
    wide[:, :, ::stride, ::stride] = inputs
    return wide


def _candidates(
    evidence: Evidence, inputs: Floats, kernel: Floats, stride: int, transposed: bool
) -> tuple[Evidence, list[tuple[Placed, Floats]]]:
    samples, channels = _affordable(inputs, kernel)
    here = (slice(0, samples), slice(0, channels))
    part = replace(
        evidence, values=evidence.values[here], reference=evidence.reference[here], forward={}
    )
    bias = evidence.weight("bias", np.empty(evidence.exact.shape[1]))
    offset = 0.0 if bias is None else bias[:channels, None, None]
    found = []
    for turned in (False, True):
        used = kernel[:channels, :, ::-1, ::-1] if turned else kernel[:channels]
        full = correlate(inputs[:samples], used)
        for start in product(range(kernel.shape[2]), range(kernel.shape[3])):
            placed = _before(start, (kernel.shape[2], kernel.shape[3]), transposed)
            values = _window(full, start, part.exact.shape, stride)
            if values is not None:
                found.append((Placed(transposed, turned, placed), values + offset))
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


def _window(
    full: Floats, start: tuple[int, int], shape: tuple[int, ...], stride: int
) -> Floats | None:
    """The output that begins there; None if the full map ends more than a stride before it."""
    ends = [begin + (size - 1) * stride for begin, size in zip(start, shape[2:], strict=True)]
    missing = [end + 1 - size for end, size in zip(ends, full.shape[2:], strict=True)]
    allowed = 1 if stride == 1 else 0  # output padding adds a row that holds the bias alone
    if max(missing) > allowed:
        return None
    padded = np.pad(full, [(0, 0), (0, 0), *((0, max(0, rows)) for rows in missing)])
    rows, columns = (slice(begin, end + 1, stride) for begin, end in zip(start, ends, strict=True))
    return padded[:, :, rows, columns]


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
