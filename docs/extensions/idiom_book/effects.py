"""How large a measured effect is, as one number without a unit.

The stored runs keep numbers of many kinds under labels that say what each is. Their sizes become
comparable as relative differences: an error or a share counts as it is; what is "over" something
else, by its distance from 1; and several figures of one quantity, by their distance from each
other over the largest. What was counted, or has nothing to compare it with, has no size.
"""

from collections.abc import Mapping

MILLIONTH, PERCENT = 1e-6, 0.01
# From above, each with its least size.
CLASSES = {
    "large": (0.5, "over 50%"),
    "medium": (PERCENT, "1% to 50%"),
    "small": (MILLIONTH, "a millionth to 1%"),
    "rounding": (0.0, "below a millionth: in float64 alone"),
}
NO_SIZE = "none", "not a relative size"


def size_of(effects: Mapping[str, float]) -> float | None:
    """The largest relative difference among measured effects, None if nothing has one."""
    sizes = [size for label, value in effects.items() if (size := _size(label, value)) is not None]
    rest = [value for label, value in effects.items() if _size(label, value) is None]
    if len(rest) > 1:
        sizes.append((max(rest) - min(rest)) / max(map(abs, rest)))
    return max(sizes, default=None)


def class_of(size: float | None) -> str:
    """The class of a size: large, medium, small, rounding or none."""
    if size is None:
        return NO_SIZE[0]
    return next(name for name, (least, _) in CLASSES.items() if size >= least)


def written(size: float | None) -> str:
    """A size as a reader takes it in: 3,346%, 0.04%, 1e-08; a dash for none."""
    if size is None:
        return "—"
    if size < MILLIONTH:
        return f"{size:.0e}"
    return f"{size:,.0%}" if size >= PERCENT else f"{100 * size:.1g}%"


def _size(label: str, value: float) -> float | None:
    if " over " in label or label.endswith("share of the rate"):
        return abs(value - 1)
    if label.startswith(("relative ", "share ", "error ")):
        return value
    return None
