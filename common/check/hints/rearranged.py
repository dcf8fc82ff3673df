"""The reference's numbers in other places: permuted axes, flips, another order of flattening."""

from common.check.hints.evidence import Evidence, Hint
from common.check.hints.relations import limit
from common.check.layouts.placement import Rearrangement
from common.check.layouts.rearrangement import find


def rearranged(evidence: Evidence) -> Hint | None:
    """The reference's numbers, all of them, in other places."""
    if evidence.port.size != evidence.exact.size or evidence.port.size < 2:
        return None
    found = find(evidence.port, evidence.exact, limit(evidence)) or _unflattened(evidence)
    if found is None or found.is_identity:
        return None
    return Hint(f"the reference's numbers, {found.words}", _row(found), _remedy(found))


def _unflattened(evidence: Evidence) -> Rearrangement | None:
    """Maps that were made of flattened numbers, which were taken in another order."""
    if evidence.port.ndim < 3 or evidence.port.shape != evidence.exact.shape:
        return None
    ours, theirs = (array.reshape(len(array), -1) for array in (evidence.port, evidence.exact))
    return find(ours, theirs, limit(evidence))


def _row(found: Rearrangement) -> str:
    """The catalogue's entry on flattening or on kernels, if it is about one of these."""
    if "flattened" in found.words or ("(" in found.pattern and not found.order):
        return "flatten-order"
    kernel = any(name in found.pattern.split() for name in ("i", "o"))
    return "turned-kernel" if found.flips and kernel else "weight-layouts" if kernel else ""


def _remedy(found: Rearrangement) -> str:
    if found.order:
        return "Sort out the order of these slices, or declare it in the port's names."
    return (
        f"If only the layout differs, declare it in the port's names: {found.declaration}; "
        "if not, mend what turns the array."
    )
