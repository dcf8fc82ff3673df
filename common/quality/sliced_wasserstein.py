"""The sliced Wasserstein distance: optimal transport along random directions."""

import numpy as np

from common.quality.samples import Rows, Values, as_rows
from common.streams import Array

CHUNK = 2**22  # the largest array of directions, or of projections of one set


def sliced_wasserstein_distance(
    real: Values, generated: Values, *, projections: int, rng: np.random.Generator
) -> float:
    """The sliced Wasserstein distance of order 2 between two sets, (N, …) and (M, …).

    Both sets are flattened and projected onto `projections` uniform random directions. Along each
    the distance of order 2 is exact, from the quantile functions (for N = M from the sorted
    projections); the result is the square root of their mean square. Its unit is that
    of one coordinate: adding c to every number of each sample gives about c. Because of the
    sampling error, compare only figures of equal N and M.

    Sources: Rabin et al. 2011, "Wasserstein barycenter and its application to texture mixing";
    Bonneel et al. 2015, "Sliced and Radon Wasserstein barycenters of measures". Karras et al.
    2018, "Progressive growing of GANs", judge generators by it, on patches of a Laplacian pyramid
    rather than on whole samples as here.

    Raises:
        UsageError: an empty set, samples of different shapes, a NaN or an infinity.
    """
    first, second = as_rows(real, generated, least=1)
    size = first.shape[1]
    chunk = max(1, CHUNK // max(len(first), len(second), size))
    squares = 0.0
    for start in range(0, projections, chunk):
        directions = rng.standard_normal((min(chunk, projections - start), size))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        squares += float(_squared_distances(first, second, directions).sum())
    return float(np.sqrt(squares / projections))


def _squared_distances(first: Rows, second: Rows, directions: Array) -> Array:
    """The squared distance along each direction, by the quantile functions of both sets.

    A quantile function of N samples steps at the multiples of 1/N; between two neighbouring
    steps of either function both are constant.
    """
    count, other = len(first), len(second)
    steps = np.union1d(np.arange(count + 1) * other, np.arange(other + 1) * count)
    widths = np.diff(steps) / (count * other)
    directions = directions.astype(first.dtype, copy=False)
    ranked, other_ranked = (np.sort(directions @ rows.T, axis=1) for rows in (first, second))
    gaps = ranked[:, steps[:-1] // other] - other_ranked[:, steps[:-1] // count]
    distances: Array = np.square(gaps, dtype=np.float64) @ widths
    return distances
