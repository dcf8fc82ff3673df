"""Numbers that are not numbers, and numbers with fewer digits than the run has."""

import numpy as np

from common.check.hints.evidence import Evidence, Floats, Hint, Mask
from common.parity.measure import normwise_error

# How many bits a type keeps of a number, coarsest first.
TYPES = {"bfloat16": 8, "float16": 11, "float32": 24}
MANY = 8  # numbers, all of which fit into a type, are no accident
MARGIN = 16  # rounding errors of a type by which its results may be off


def not_finite(evidence: Evidence) -> Hint | None:
    """NaN or infinity on one side alone."""
    ours, theirs = ~np.isfinite(evidence.port), ~np.isfinite(evidence.exact)
    if evidence.port.shape != evidence.exact.shape:
        return _in_port(evidence, ours) if ours.any() and not theirs.any() else None
    if (ours & ~theirs).any():
        return _in_port(evidence, ours & ~theirs)
    return _hidden(evidence, theirs & ~ours) if (theirs & ~ours).any() else None


def _in_port(evidence: Evidence, where: Mask) -> Hint:
    values = evidence.port[where]
    kind = "NaN" if np.isnan(values).all() else "NaN or infinity"
    if np.isinf(values).all():
        kind = "infinity"
    first = ", ".join(map(str, np.argwhere(where)[0])) if where.ndim else ""
    at = f", first at [{first}]" if first else ""
    return Hint(
        f"{kind} at {where.sum():,} of {where.size:,} elements{at}, where the reference is finite",
        "",
        "Look for a division by 0, a logarithm or root of 0, or an overflow at these elements.",
    )


def _hidden(evidence: Evidence, where: Mask) -> Hint | None:
    values, theirs = evidence.port[where], evidence.exact[where]
    if not np.isnan(theirs).all() or np.ptp(values):
        return None
    number, zero = f"{values.flat[0]:.5g}", not values.any()
    row = "nan-relu" if zero and evidence.written_for("jittor") else ""
    return Hint(
        f"{number} at all {where.sum():,} elements at which the reference is NaN",
        row,
        "The port hides a NaN that the layer's input has: find where the NaN comes from, and let a "
        "NaN pass, for example with where(isnan(x), x, …).",
    )


def fewer_digits(evidence: Evidence) -> Hint | None:
    """Float32, or less, inside a float64 run: by the type, or by the bits of every number."""
    if not evidence.double or evidence.port.shape != evidence.exact.shape:
        return None
    error = normwise_error(evidence.port, evidence.exact)
    dtype = str(np.asarray(evidence.values).dtype)
    for name, bits in TYPES.items():
        typed = dtype == name
        if error > MARGIN * 2.0**-bits or not (typed or _only(evidence, bits)):
            continue
        how = f"is {name}" if typed else f"holds {name} numbers alone"
        converts = evidence.framework in ("jax", "jittor") and name == "float32"
        return Hint(
            f"{name} inside a float64 run: the array {how}, and is off by {error:.1e}",
            "float64-arrays" if converts else "",
            f"Make the arrays and layers of this stage float64: something before it is {name}.",
        )
    return None


def _only(evidence: Evidence, bits: int) -> bool:
    """Whether all of the port's numbers fit into so many bits, and the reference's do not."""
    numbers = np.unique(np.abs(evidence.port[evidence.port != evidence.exact]))
    telling = numbers[~_fit(numbers, bits // 2)]
    enough = min(MANY, max(1, evidence.exact.size // 2))
    rounded = bool(_fit(evidence.port, bits).all())
    return rounded and telling.size >= enough and not _fit(evidence.exact, bits).all()


def _fit(values: Floats, bits: int) -> Mask:
    mantissa, _ = np.frexp(values)
    scaled = np.ldexp(mantissa, bits)
    fits: Mask = scaled == np.round(scaled)
    return fits
