"""Spectral normalisation in float64: both variants of one power iteration."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
EPSILON = 1e-12


def as_matrix(weight: Array, *, transposed: bool) -> Array:
    """A weight as (outputs, the rest); a transposed convolution's is IOHW."""
    if transposed:
        weight = weight.swapaxes(0, 1)
    return weight.reshape(len(weight), -1)


def normalise(vector: Array) -> Array:
    """vector / max(‖vector‖, 1e-12), as in PyTorch."""
    return vector / max(float(np.linalg.norm(vector)), EPSILON)


def detached_iteration(matrix: Array, u: Array) -> tuple[float, Array]:
    """(sigma, new u) for a detached sigma: v from u, then u from v, eps added to the norms.

    Source: max_singular_value of godisboy's SN-GAN.
    """
    v = u @ matrix
    v = v / (np.linalg.norm(v) + EPSILON)
    u = matrix @ v
    u = u / (np.linalg.norm(u) + EPSILON)
    return float(u @ matrix @ v), u


def differentiable_iteration(matrix: Array, v: Array) -> tuple[Array, Array]:
    """(new u, new v) for a differentiable sigma: u from v, then v from u.

    Source: torch.nn.utils.parametrizations.spectral_norm (Miyato et al. 2018, algorithm 1, has v
    before u).
    """
    u = normalise(matrix @ v)
    return u, normalise(u @ matrix)
