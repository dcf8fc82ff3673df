"""Matrix products and convolutions with their gradients, in NumPy and float64."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Values = NDArray[Any]
Pulled = tuple[Values, Values, Values]  # the output and the gradients of both factors


def product(upstream: Values, left: Values, right: Values) -> Pulled:
    """left · right, and the vector-Jacobian products of `upstream` with both."""
    return left @ right, upstream @ right.T, left.T @ upstream


def convolution(upstream: Values, maps: Values, kernel: Values) -> Pulled:
    """Maps (N, C, H, W) convolved with a kernel OIHW without padding, and both gradients."""
    height, width = kernel.shape[2:]
    around = ((0, 0), (0, 0), (height - 1, height - 1), (width - 1, width - 1))
    windows, behind = (
        sliding_window_view(values, (1, 1, height, width))[:, :, :, :, 0, 0]
        for values in (maps, np.pad(upstream, around))
    )
    return (
        np.einsum("nchwij,ocij->nohw", windows, kernel),
        np.einsum("nohwij,ocij->nchw", behind, kernel[:, :, ::-1, ::-1]),
        np.einsum("nchwij,nohw->ocij", windows, upstream),
    )
