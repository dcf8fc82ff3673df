"""The first step of Adam and RMSprop: learning rate, epsilon, and where epsilon is added.

From slots of zero both move a parameter by L · g / (|g| + E). Adam has L = lr and E = ε, or
ε / √(1 − β₂) where ε is added to the uncorrected root; RMSprop has lr / √(1 − ρ) and ε / √(1 − ρ).
"""

from math import sqrt

import numpy as np

from common.check.hints.adam_kinds import ALIKE, TEXTS, Kind, kinds
from common.check.hints.evidence import Evidence, Floats, Hint
from common.check.hints.relations import close, explains, informative, multiple, reference_is


def adaptive(evidence: Evidence, before: Floats, gradient: Floats) -> Hint | None:
    """What differs in the first step of an adaptive optimiser, if the reference's is one."""
    theirs, ours = (_fit(side - before, gradient) for side in (evidence.exact, evidence.port))
    if theirs is None or ours is None or not informative(evidence, 2):
        return None
    plain = multiple(evidence.exact - before, gradient) * gradient
    if reference_is(evidence, before + plain):
        return None
    outside = reference_is(evidence, before + _step(gradient, *theirs))
    if outside:
        return _named(evidence, before, gradient, theirs) or _fitted(
            evidence, before, gradient, theirs, ours
        )
    inside = _fit(evidence.exact - before, gradient, squares=True)
    if inside and reference_is(evidence, before + _step(gradient, *inside, squares=True)):
        same = abs(ours[0] / inside[0] - 1) < ALIKE
        if same and explains(evidence, before + _step(gradient, *ours)):
            return _of_root(evidence, "outside the root, where the reference's is inside")
    return None


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
    ours: tuple[float, float],
) -> Hint | None:
    """The port's own L and E, where its step has one of the two forms."""
    same = abs(ours[0] / theirs[0] - 1) < ALIKE
    if same and theirs[1] and explains(evidence, before + _step(gradient, *ours)):
        ratio = ours[1] / theirs[1]
        return Hint(
            f"the same learning rate with an epsilon that counts {ratio:.4g} times as much",
            "",
            "Write epsilon out in both, and add it in both at the same place.",
        )
    factor = multiple(evidence.port - before, evidence.exact - before)
    scaled = before + factor * (evidence.exact - before)
    if theirs[1] and explains(evidence, before + _step(gradient, *ours)):
        if explains(evidence, scaled):
            return None
        return Hint(
            f"the same form of step, L · g / (|g| + E), with L {ours[0] / theirs[0]:.4g} and E "
            f"{ours[1] / theirs[1]:.4g} times the reference's",
            "",
            "Compare learning rates, decay rates and epsilons, and bias corrections.",
        )
    inside = _fit(evidence.port - before, gradient, squares=True)
    if inside and abs(inside[0] / theirs[0] - 1) < ALIKE:
        moved = _step(gradient, *inside, squares=True)
        if explains(evidence, before + moved):
            return _of_root(evidence, "inside the root, where the reference's is outside")
    return None


def _of_root(evidence: Evidence, text: str) -> Hint:
    row = "" if "second_moment" in evidence.slots else "rmsprop-epsilon"
    remedy = "Add epsilon on the same side of the root in both: optax.rmsprop has eps_in_sqrt."
    return Hint(f"a step with its epsilon {text}", row, remedy)
