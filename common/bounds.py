"""Every tolerance of the project, in one table; nothing else may hold one.

Each number comes from measurement, with the reason beside it, and is never widened to turn a
test green.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Bound:
    """How far a quantity may lie from the truth, normwise: ‖found − truth‖ / ‖truth‖.

    float64 runs are held to `first` up to the first update and to `later` after it. A float32
    run may err `factor` times as much as a good float32 run of the same tensor, or as an honest
    float32 run moves when its weights and inputs are shaken by SHAKE, plus `floor`.
    """

    first: float
    later: float
    factor: float
    floor: float


# Float32 training is not smooth: a unit crosses a kink, Adam divides by a gradient that is all
# but zero. Such events are rare, about one in ten runs of a reduced case, so they are looked for
# with eight runs whose weights and inputs differ by eight rounding errors times a standard normal.
SHAKE = 2.0**-20
SHAKES = {"reduced": 8, "custom": 8, "full": 2, "cycle": 4, "trajectory": 4}

_COMMON = Bound(first=1e-12, later=1e-10, factor=16.0, floor=2e-6)
_SECOND_ORDER = Bound(first=1e-11, later=1e-10, factor=16.0, floor=2e-6)
_TRAJECTORY = Bound(first=1e-8, later=1e-8, factor=16.0, floor=2e-6)
_CYCLE = 1e-9  # after a whole schedule of a hundred updates and more

_FIRST_ORDER = (
    "output_train",
    "output_eval",
    "running_statistics",
    "loss",
    "gradient",
    "input_gradient",
    "parameter",
    "buffer",
    "slot",
)
QUANTITIES: dict[str, Bound] = {
    **dict.fromkeys(_FIRST_ORDER, _COMMON),
    "penalty_gradient": _SECOND_ORDER,
    "trajectory": _TRAJECTORY,
}

NAMED: dict[str, float] = {
    "exact": 0.0,
    "structural_zero": 1e-10,
    "linear_algebra": 1e-13,
    "singular_value": 1e-9,  # two hundred power iterations on a random 4×45 matrix
    "cancellation_float32": 1e-2,
    "update": 1e-12,
    "update_float32": 2e-6,
    "closed_form": 1e-14,
    "closed_form_float32": 2e-6,
    "finite_difference": 1e-6,
    "trajectory": 1e-9,
    "sampling": 0.03,  # shares and means of a few thousand draws
    "chi_squared": 1e-3,  # what must be exceeded where there is no such reading
    "standard_errors": 4.0,  # of the mean of a few hundred draws around its expectation
    "digits_read": 0.95,  # what must be exceeded: 0.975 of 359 unseen digits were read
    "fine_part": 2.0**-5,  # of the bits that TF32, or in float64 float32, would round off
    "golden_pytorch": 1e-9,
    "golden_update": 1e-9,
    "golden_jittor": 1e-6,
}


def float64_bound(quantity: str, step: int, width: str) -> float:
    """The bound of a float64 run; `step` counts updates, 0 before any.

    At full width the first update is held to `later`: among millions of gradients some are of
    the order of Adam's epsilon, which multiplies their rounding by its inverse (1.2e-12 was
    measured on a shift that starts at zero). Full width is judged in float32; its float64 runs
    are the truth for that, and only have to agree.
    """
    bound = QUANTITIES[quantity]
    if width == "cycle":
        return _CYCLE
    first = step == 0 or (step == 1 and width != "full")
    return bound.first if first else bound.later


def float32_bound(quantity: str, errors: Sequence[float], noise: float) -> float:
    """The bound of a float32 run, from all float32 runs' errors and the measured noise.

    The good run is the best one, or the second best of three and more: a kink that one unit
    crosses, or the sign of a gradient that is all but zero, may spare a single framework.
    """
    bound, ranked = QUANTITIES[quantity], sorted(errors)
    good = ranked[1 if len(ranked) > 2 else 0]
    return bound.factor * max(good, noise) + bound.floor
