"""Outputs of a batch norm: another epsilon, another divisor, other statistics."""

from dataclasses import dataclass

import numpy as np

from common.check.hints.channels import along, axes_of_channels, by_channel
from common.check.hints.evidence import Evidence, Floats, Hint
from common.check.hints.relations import explains, limit, multiple, reference_is, varies

FEWEST = 3  # channels for a relation between them


@dataclass(frozen=True)
class _Norm:
    """A batch norm in which the scale and shift are known: rows are channels."""

    evidence: Evidence
    axis: int
    scale: Floats
    shift: Floats

    def rows(self, values: Floats) -> Floats:
        """The normalised values, before scale and shift."""
        rows = by_channel(values, self.axis)
        normalised: Floats = (rows - self.shift[:, None]) / self.scale[:, None]
        return normalised

    def output(self, centre: Floats, variance: Floats, inputs: Floats) -> Floats:
        """The layer's output with these statistics, in the shape of the inputs."""
        factor = along(self.scale / np.sqrt(variance), inputs, self.axis)
        shift = along(self.shift, inputs, self.axis)
        return (inputs - along(centre, inputs, self.axis)) * factor + shift

    def scaled(self, factors: Floats) -> Floats:
        """The reference with its normalised values times one factor a channel."""
        shift = along(self.shift, self.evidence.exact, self.axis)
        factor = along(factors, self.evidence.exact, self.axis)
        return (self.evidence.exact - shift) * factor + shift

    def spread(self, values: Floats) -> Floats | None:
        """1 / the mean square of normalised values, v/(v + ε), where they are centred."""
        rows = self.rows(values)
        square = (rows * rows).mean(1)
        middle = np.abs(rows.mean(1))
        if not square.all() or (middle > limit(self.evidence) * np.abs(rows).max(1)).any():
            return None
        inverse: Floats = 1 / square
        return inverse


def normalisation(evidence: Evidence) -> Hint | None:
    """What a batch norm does otherwise; scale and shift have to be known."""
    for axis in axes_of_channels(evidence.exact):
        norm = _norm(evidence, axis)
        if norm is None:
            continue
        for find in (_unbiased, _epsilon, _mode):
            if hint := find(norm):
                return hint
    return None


def _norm(evidence: Evidence, axis: int) -> _Norm | None:
    likely = {"running_mean", "running_var"} & set(evidence.weights)
    channels = np.ones(evidence.exact.shape[axis])
    scale, shift = evidence.weight("weight", channels), evidence.weight("bias", channels)
    if scale is None and not likely:
        return None
    scale = channels if scale is None else scale
    shift = 0 * channels if shift is None else shift
    return _Norm(evidence, axis, scale, shift) if scale.all() else None


def _unbiased(norm: _Norm) -> Hint | None:
    evidence = norm.evidence
    theirs = norm.spread(evidence.exact)
    count = evidence.exact.size // evidence.exact.shape[norm.axis]
    if theirs is None or count < 2:
        return None
    for sign, who in ((1, "the port"), (-1, "the reference")):
        ratio = theirs / (theirs + sign / (count - 1))
        if (ratio > 0).all() and explains(evidence, norm.scaled(np.sqrt(ratio))):
            return Hint(
                f"normalised by a variance that {who} divides by N − 1 = {count - 1:,}, the other "
                f"by N = {count:,}",
                "unbiased-deviation",
                "Normalise by the variance divided by N; N − 1 is for the running variance alone.",
            )
    return None


def _epsilon(norm: _Norm) -> Hint | None:
    """v/(v + ε) of both: ε/v has the same ratio in every channel."""
    evidence = norm.evidence
    ours, theirs = norm.spread(evidence.port), norm.spread(evidence.exact)
    if ours is None or theirs is None or theirs.size < FEWEST or not varies(evidence, theirs - 1):
        return None
    ratio = multiple(ours - 1, theirs - 1)
    expected = 1 + ratio * (theirs - 1)
    if ratio <= 0 or (theirs <= 1).any() or (expected <= 0).any():
        return None
    if not explains(evidence, norm.scaled(np.sqrt(theirs / expected))):
        return None
    text = f"normalised with an epsilon {ratio:.4g} times the reference's"
    found = _batch(norm, evidence.exact)
    if found:
        text = f"normalised with an epsilon of {found[1] * ratio:.3g} instead of {found[1]:.3g}"
    remedy = "Write the same epsilon out in both: the frameworks' defaults differ."
    return Hint(text, "batch-norm-epsilon", remedy)


def _batch(norm: _Norm, values: Floats) -> tuple[Floats, float] | None:
    """The layer's input and its epsilon, if `values` are it normalised by the batch."""
    spread = norm.spread(values)
    fits = reference_is if values is norm.evidence.exact else explains
    if spread is None:
        return None
    for _, inputs in norm.evidence.earlier_alike():
        rows = by_channel(inputs, norm.axis)
        variance = rows.var(1)
        epsilon = multiple(spread - 1, 1 / variance) if variance.all() else 0.0
        if epsilon > 0 and fits(
            norm.evidence, norm.output(rows.mean(1), variance + epsilon, inputs)
        ):
            return inputs, epsilon
    return None


def _mode(norm: _Norm) -> Hint | None:
    """One side normalises by the batch, the other by the running statistics."""
    evidence = norm.evidence
    channels = np.ones_like(norm.scale)
    mean = evidence.weight("running_mean", channels)
    variance = evidence.weight("running_var", channels)
    pairs = [(0 * channels, channels)]
    if mean is not None and variance is not None:
        pairs.insert(0, (mean, variance))
    sides = (
        (evidence.exact, explains, "the running statistics instead of the batch's: evaluation"),
        (evidence.port, reference_is, "the batch's statistics instead of the running: training"),
    )
    for values, fits, text in sides:
        found = _batch(norm, values)
        for centre, spread in pairs if found else ():
            assert found is not None
            if fits(evidence, norm.output(centre, spread + found[1], found[0])):
                return Hint(
                    f"normalised by {text} mode",
                    "training-mode",
                    "Run both in the same mode: train() or eval(), training=…, "
                    "use_running_average=….",
                )
    return None
