"""The first step of Adam and RMSprop: learning rate, epsilon, and where epsilon is added.

From slots of zero both move a parameter by L · g / (|g| + E). Adam has L = lr and E = ε, or
ε / √(1 − β₂) where ε is added to the uncorrected root; RMSprop has lr / √(1 − ρ) and ε / √(1 − ρ).
"""

from math import sqrt

import numpy as np

from common.check.hints.adam_kinds import LARGEST, TEXTS, Kind, kinds
from common.check.hints.evidence import Evidence, Floats, Hint
from common.check.hints.relations import close, explains, informative, multiple, reference_is
from common.parity.bounds import NAMED


def adaptive(evidence: Evidence, before: Floats, gradient: Floats) -> Hint | None:
    """What differs in the first step of an adaptive optimiser, if the reference's is one."""
    theirs, ours = (_fit(side - before, gradient) for side in (evidence.exact, evidence.port))
    if not informative(evidence, 2):
        return None
    plain = multiple(evidence.exact - before, gradient) * gradient
    if reference_is(evidence, before + plain):
        return _against_plain(evidence, before, gradient, ours) if ours else None
    if theirs and reference_is(evidence, before + _step(gradient, *theirs)):
        return _named(evidence, before, gradient, theirs) or _fitted(
            evidence, before, gradient, theirs, ours
        )
    inside = _fit(evidence.exact - before, gradient, squares=True)
    if inside and ours and reference_is(evidence, before + _step(gradient, *inside, squares=True)):
        same = abs(ours[0] / inside[0] - 1) < NAMED["same_rate"]
        if same and explains(evidence, before + _step(gradient, *ours)):
            text = "outside the root, where the reference's is inside"
            return _of_root(evidence, text, inside[1])
    return None


def _against_plain(
    evidence: Evidence, before: Floats, gradient: Floats, ours: tuple[float, float]
) -> Hint | None:
    plain = multiple(evidence.port - before, gradient) * gradient
    if explains(evidence, before + plain):
        return None
    if not explains(evidence, before + _step(gradient, *ours)):
        return None
    text = f"a step of {FORM}, where the reference's is proportional to the gradient"
    return Hint(text, "", "Use the reference's optimiser.")


def _step(gradient: Floats, rate: float, epsilon: float, *, squares: bool = False) -> Floats:
    """−L · g / (|g| + E), or −L · g / √(g² + E)."""
    size = np.sqrt(gradient**2 + epsilon) if squares else np.abs(gradient) + epsilon
    moved = np.divide(-rate * gradient, size, out=np.zeros_like(size), where=size > 0)
    return moved


def _fit(moved: Floats, gradient: Floats, *, squares: bool = False) -> tuple[float, float] | None:
    """L and E: |Δ| / L + E / L · |Δ| / |g| = 1 is linear in 1 / L and E / L; or with squares."""
    used = (moved != 0) & (gradient != 0)
    power = 2 if squares else 1
    size, slope = np.abs(moved[used]) ** power, np.abs(gradient[used]) ** power
    if size.size < 4:
        return None
    columns = np.stack([size, size / slope], axis=1)
    scale = np.linalg.norm(columns, axis=0)
    solution = np.linalg.lstsq(columns / scale, np.ones(size.size), rcond=None)[0] / scale
    if solution[0] <= 0:
        return None
    found = float(1 / solution[0]), max(0.0, float(solution[1] / solution[0]))
    return (sqrt(found[0]), found[1]) if squares else found


def _named(
    evidence: Evidence, before: Floats, gradient: Floats, theirs: tuple[float, float]
) -> Hint | None:
    """The one kind of explanation that fits; none if several do."""
    if "square_average" in evidence.slots:
        return None  # RMSprop
    beta2 = _beta2(evidence, gradient)
    fits: dict[str, Kind] = {}
    for kind in kinds():
        if not _possible(evidence, kind, beta2):
            continue
        for sign in (1, -1):
            rate, epsilon = kind.rate**sign, kind.epsilon**sign
            if abs(rate - 1) + abs(epsilon - 1) < np.finfo(np.float64).eps:
                continue
            moved = _step(gradient, theirs[0] * rate, theirs[1] * epsilon)
            if explains(evidence, before + moved):
                fits[kind.name] = Kind(kind.name, rate, epsilon)
    if beta2:
        fits.pop("decay of RMSprop", None)
    if len(fits) != 1:
        return None
    (kind,) = fits.values()
    if kind.name not in TEXTS or (kind.name == "default" and not beta2):
        return None
    text, row, remedy = TEXTS[kind.name]
    if kind.name == "second" and not evidence.written_for("jittor"):
        row = ""
    return Hint(text.format(rate=kind.rate, epsilon=kind.epsilon), row, remedy)


def _possible(evidence: Evidence, kind: Kind, beta2: float | None) -> bool:
    """Whether the kind has the reference's β₂; two defaults at once are named if it is known."""
    if not beta2 or not kind.beta2:
        return kind.name != "default" or not kind.beta2
    return close(evidence, 1 - kind.beta2, 1 - beta2)


def _beta2(evidence: Evidence, gradient: Floats) -> float | None:
    """Adam's β₂, from its second moment after the first step."""
    moment = evidence.slots.get("second_moment")
    if moment is None or np.shape(moment) != gradient.shape:
        return None
    return 1 - multiple(np.asarray(moment).astype(np.float64), gradient**2)


def _fitted(
    evidence: Evidence,
    before: Floats,
    gradient: Floats,
    theirs: tuple[float, float],
    ours: tuple[float, float] | None,
) -> Hint | None:
    """The port's own L and E, where its step has one of the forms."""
    plain = multiple(evidence.port - before, gradient) * gradient
    if explains(evidence, before + plain):
        text = f"a step proportional to the gradient, as of SGD, where the reference's has {FORM}"
        return Hint(text, "", "Use the reference's optimiser.")
    if ours and explains(evidence, before + _step(gradient, *ours)):
        return _of_form(evidence, before, theirs, ours)
    inside = _fit(evidence.port - before, gradient, squares=True)
    if inside and abs(inside[0] / theirs[0] - 1) < NAMED["same_rate"]:
        moved = _step(gradient, *inside, squares=True)
        if explains(evidence, before + moved):
            text = "inside the root, where the reference's is outside"
            return _of_root(evidence, text, inside[1])
    return None


FORM = "the form L · g / (|g| + E) of Adam and RMSprop"


def _of_form(
    evidence: Evidence, before: Floats, theirs: tuple[float, float], ours: tuple[float, float]
) -> Hint | None:
    moved = evidence.exact - before
    if explains(evidence, before + multiple(evidence.port - before, moved) * moved):
        return None  # another learning rate alone
    remedy = "Write epsilon, learning rate and decay rates out in both; epsilon in the same place."
    same = abs(ours[0] / theirs[0] - 1) < NAMED["same_rate"]
    rate = "the same learning rate" if same else f"a rate {ours[0] / theirs[0]:.4g} times as large"
    if ours[1] <= NAMED["same_rate"] * theirs[1]:
        text = f"{rate} and no epsilon that can be seen, where the reference has one"
    elif theirs[1] <= NAMED["same_rate"] * ours[1]:
        text = f"{rate} and an epsilon, where none can be seen in the reference"
    else:
        text = f"{rate} and an epsilon that counts {ours[1] / theirs[1]:.4g} times as much"
    return Hint(text, "", remedy)


def _of_root(evidence: Evidence, text: str, epsilon: float) -> Hint:
    likely = epsilon <= LARGEST and "second_moment" not in evidence.slots
    remedy = "Add epsilon on the same side of the root in both: optax.rmsprop has eps_in_sqrt."
    row = "rmsprop-epsilon" if likely else ""
    return Hint(f"a step with its epsilon {text}", row, remedy)
