"""An optimiser's slots after a step: other decay rates, other contents."""

import numpy as np

from common.check.hints.evidence import Evidence, Floats, Hint
from common.check.hints.relations import explains, informative, multiple, reference_is


def slot(evidence: Evidence) -> Hint | None:
    """What a moment or a velocity contains, from the gradient and its value before the step."""
    if "/" not in evidence.name or evidence.before is None or evidence.gradient is None:
        return None
    before = np.asarray(evidence.before).astype(np.float64)
    gradient = np.asarray(evidence.gradient).astype(np.float64)
    if not before.shape == gradient.shape == evidence.exact.shape or not informative(evidence, 2):
        return None
    if np.array_equal(evidence.port, before):
        return Hint(
            "unchanged by the step: no update at all",
            "",
            "Give this parameter to the optimiser, and keep the state that the step returns.",
        )
    kind = evidence.name.rpartition("/")[2]
    content = gradient**2 if kind in ("second_moment", "square_average") else gradient
    if kind == "momentum":
        return _momentum(evidence, before, content)
    return _rates(evidence, before, content)


def _rates(evidence: Evidence, before: Floats, content: Floats) -> Hint | None:
    """β · before + s · content on both sides; at first, when before is 0, s alone."""
    theirs = _fit(evidence.exact, before, content)
    ours = _fit(evidence.port, before, content)
    expected = [kept * before + share * content for kept, share in (theirs, ours)]
    if not reference_is(evidence, expected[0]) or not explains(evidence, expected[1]):
        return None
    word = "g²" if evidence.name.rpartition("/")[2] != "first_moment" else "g"
    if _is_rounding(evidence, ours, theirs):
        return Hint(
            "decay rates that are rounded to float32",
            "jittor-numbers" if evidence.framework == "jittor" else "",
            "Give the optimiser its rates as arrays of the run's type, or compare in float32.",
        )
    texts = [_text(kept, share, word, before) for kept, share in (ours, theirs)]
    return Hint(
        f"{texts[0]}, where the reference has {texts[1]}",
        "",
        "Give both optimisers the same decay rates (β₁, β₂, α), written out.",
    )


def _is_rounding(
    evidence: Evidence, ours: tuple[float, float], theirs: tuple[float, float]
) -> bool:
    """Whether two pairs of rates are the same numbers in float32."""
    return evidence.double and np.array_equal(
        np.asarray(ours, np.float32), np.asarray(theirs, np.float32)
    )


def _text(kept: float, share: float, word: str, before: Floats) -> str:
    old = f"{kept:.6g} · before + " if before.any() else ""
    return f"{old}{share:.6g} · {word}"


def _fit(values: Floats, before: Floats, content: Floats) -> tuple[float, float]:
    if not before.any():
        return 0.0, multiple(values, content)
    columns = np.stack([before.ravel(), content.ravel()], axis=1)
    scale = np.linalg.norm(columns, axis=0)
    if not scale.all():
        return 0.0, 0.0
    solution = np.linalg.lstsq(columns / scale, values.ravel(), rcond=None)[0] / scale
    return float(solution[0]), float(solution[1])


def _momentum(evidence: Evidence, before: Floats, gradient: Floats) -> Hint | None:
    """The first velocity: g in the reference, a multiple of it in the port."""
    if before.any() or not reference_is(evidence, gradient):
        return None
    found = multiple(evidence.port, gradient)
    if not explains(evidence, found * gradient) or not abs(found) < 1:
        return None
    if found < 0:
        return Hint(
            f"{found:.5g} times the gradient at first: a velocity that contains the learning rate",
            "momentum-rate",
            "Keep the learning rate outside the velocity, or compare with a constant rate alone.",
        )
    return Hint(
        f"{found:.5g} times the gradient at first, as dampening of {1 - found:.5g} gives",
        "dampening" if evidence.written_for("jittor") else "",
        "Start the velocity from the whole first gradient, without dampening.",
    )
