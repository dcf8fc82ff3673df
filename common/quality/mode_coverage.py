"""How many modes of a toy distribution a generator covers, and how evenly."""

from dataclasses import dataclass

import numpy as np

from common import UsageError
from common.data.points import Mixture
from common.quality.samples import Values, check_samples


@dataclass(frozen=True)
class ModeCoverage:
    """How a set of samples covers the modes of a mixture."""

    modes: int
    covered: int  # modes with at least one high-quality sample
    high_quality: float  # the share of samples within the radius of a mode
    divergence: float  # KL(samples ‖ mixture) over the modes, in nats: 0 to log(modes)


def mode_coverage(samples: Values, mixture: Mixture, *, radius: float) -> ModeCoverage:
    """Compare points (N, 2) with the modes of a mixture, each point with its nearest mode.

    A sample within `radius` standard deviations of a centre is of high quality, and a mode is
    covered if it is the nearest one to such a sample. For samples of the mixture itself, the share
    of high quality is 1 − exp(−radius²/2). The divergence counts all samples.

    Sources: Srivastava et al. 2017, "VEEGAN", with a radius of 3, and Lin et al. 2018, "PacGAN",
    for the divergence.

    Raises:
        UsageError: no samples, samples that are not points, a NaN or an infinity.
    """
    from scipy.special import rel_entr

    check_samples("generated samples", samples, least=1)
    if samples.shape[1:] != (2,):
        raise UsageError(f"generated samples: shape {samples.shape}; modes are of points (N, 2)")
    centres = mixture.centres
    distances = np.linalg.norm(samples[:, None].astype(np.float64) - centres, axis=2)
    nearest = distances.argmin(axis=1)
    good = distances.min(axis=1) <= radius * mixture.deviation
    shares = np.bincount(nearest, minlength=len(centres)) / len(samples)
    return ModeCoverage(
        modes=len(centres),
        covered=len(np.unique(nearest[good])),
        high_quality=float(good.mean()),
        divergence=float(rel_entr(shares, 1 / len(centres)).sum()),
    )
