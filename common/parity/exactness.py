"""Whether a process computes as exactly and as repeatably as requested: tested, not assumed.

TF32 keeps ten bits behind the point of every factor and bfloat16 seven, while all tensors
remain float32. So numbers are multiplied whose last bits lie behind those, and the results are
compared with NumPy's.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from common.backends import Backend
from common.parity.bounds import NAMED
from common.parity.measure import normwise_error
from common.reference.products import Pulled, Values, convolution, product

# The last bits: of float32 what TF32 would round off, and of float64 what float32 would.
FINE = {"float32": 2.0**-12, "float64": 2.0**-30}
MATRICES = ((24, 16), (24, 32), (32, 16))  # of the upstream gradient and the two factors
MAPS = ((4, 5, 7, 7), (4, 6, 9, 9), (5, 6, 3, 3))
MANY_MATRICES = ((128, 128), (128, 512), (512, 128))
MANY_MAPS = ((8, 16, 17, 17), (8, 16, 20, 20), (16, 16, 4, 4))

Shapes = tuple[tuple[int, ...], ...]


def probe_exactness(backend: Backend) -> dict[str, bool]:
    """What the backend's device does in the type that it was configured for.

    full_products, full_convolutions: outputs and gradients keep the bits of their factors.
    repeatable: the same products, convolutions and gradients are equal in every byte when they
    are computed again. What differs only now and then may pass.
    """
    multiply, convolve = backend.probes.multiply, backend.probes.convolve
    return {
        "full_products": _is_full(backend, multiply, product, MATRICES),
        "full_convolutions": _is_full(backend, convolve, convolution, MAPS),
        "repeatable": _is_repeatable(backend, multiply, MANY_MATRICES)
        and _is_repeatable(backend, convolve, MANY_MAPS),
    }


def _is_full(
    backend: Backend, function: Callable[..., Any], reference: Callable[..., Pulled], shapes: Shapes
) -> bool:
    fine = FINE[_dtype(backend)]
    rng = np.random.default_rng(0)
    arrays = [_signs(rng, shape) * (1 + fine * rng.integers(1, 4, shape)) for shape in shapes]
    pairs = zip(_pulled(backend, function, arrays), reference(*arrays), strict=True)
    return all(normwise_error(*pair) < NAMED["fine_part"] * fine for pair in pairs)


def _is_repeatable(backend: Backend, function: Callable[..., Any], shapes: Shapes) -> bool:
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(shape) for shape in shapes]
    first, second = (
        [tensor.tobytes() for tensor in _pulled(backend, function, arrays)] for _ in range(2)
    )
    return first == second


def _pulled(backend: Backend, function: Callable[..., Any], arrays: list[Values]) -> list[Values]:
    """The function's output and the gradients of both factors; the first array is upstream."""
    canonical = backend.interop.to_canonical
    output, gradients = backend.probes.pull_back(function, *map(backend.interop.to_native, arrays))
    return [canonical(tensor) for tensor in (output, *gradients)]


def _dtype(backend: Backend) -> str:
    interop = backend.interop
    return str(interop.to_canonical(interop.to_native(np.ones(1))).dtype)


def _signs(rng: np.random.Generator, shape: tuple[int, ...]) -> Values:
    return rng.choice([-1.0, 1.0], shape)
