"""Which digits a generator produces, and how confidently they are classified."""

from dataclasses import dataclass

import numpy as np

from common.quality.digits_features import digit_probabilities
from common.quality.samples import Values

CLASSES = 10
LEAST_SHARE = 0.01  # of the samples, for a digit to count: a tenth of an even share


@dataclass(frozen=True)
class DigitBalance:
    """The digits classifier's result on a set of images."""

    shares: tuple[float, ...]  # of the images classified as each digit, 0 to 9
    covered: int  # digits with a share of at least LEAST_SHARE
    entropy: float  # of the shares, in nats: 0 to log(10)
    confidence: float  # the mean probability of the predicted digit


def digit_balance(images: Values) -> DigitBalance:
    """How images (N, 1, H, W) in [−1, 1] are distributed over the ten digits.

    The classifier assigns a digit to every image, so read `covered` together with a distance:
    noise covers a few digits too.

    Raises:
        UsageError: no images, more than one channel, a NaN or an infinity.
    """
    from scipy.special import entr

    probabilities = digit_probabilities(images)
    shares = np.bincount(probabilities.argmax(axis=1), minlength=CLASSES) / len(images)
    return DigitBalance(
        shares=tuple(shares.tolist()),
        covered=int((shares >= LEAST_SHARE).sum()),
        entropy=float(entr(shares).sum()),
        confidence=float(probabilities.max(axis=1).mean()),
    )
