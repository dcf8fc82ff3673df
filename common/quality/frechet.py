"""The Fréchet distance between Gaussians fitted to two sets of features."""

import numpy as np

from common.quality.samples import Values, as_rows
from common.streams import Array


def frechet_distance(real_features: Values, generated_features: Values) -> float:
    """‖μ₁ − μ₂‖² + tr(C₁ + C₂ − 2(C₁C₂)^½) of features (N, D) and (M, D); squared, as usual.

    With C = RᵀR the trace of (C₁C₂)^½ is the sum of the singular values of R₁R₂ᵀ, and R is
    computed from the features without C. This avoids square roots of rounding errors, and a
    singular covariance (fewer samples than features, or units that are always zero) loses no
    precision.

    With few samples the distance is overestimated; compare only figures of equal N and M.

    Sources: Heusel et al. 2017, "GANs trained by a two time-scale update rule"; Dowson and
    Landau 1982, "The Fréchet distance between multivariate normal distributions".

    Raises:
        UsageError: fewer than two samples, features of different widths, a NaN or an infinity.
    """
    from scipy.linalg import svdvals

    first, second = (
        rows.astype(np.float64) for rows in as_rows(real_features, generated_features, least=2)
    )
    offset = first.mean(axis=0) - second.mean(axis=0)
    root, other = _root_of_covariance(first), _root_of_covariance(second)
    spread = np.square(root).sum() + np.square(other).sum()
    distance = offset @ offset + spread - 2 * svdvals(root @ other.T).sum()
    return max(0.0, float(distance))


def _root_of_covariance(features: Array) -> Array:
    """R with RᵀR the covariance of the features, unbiased."""
    from scipy.linalg import qr

    centred = (features - features.mean(axis=0)) / np.sqrt(len(features) - 1)
    (upper,) = qr(centred, mode="r")
    root: Array = upper[: features.shape[1]]
    return root
