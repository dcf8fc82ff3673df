"""The optimisers that a system may have; the fields are the keyword arguments in every port."""

from dataclasses import asdict, dataclass
from typing import ClassVar

from common.systems.checks import require_fraction, require_not_negative, require_positive

Slots = tuple[str, ...]  # the state arrays of an optimiser, for each parameter


@dataclass(frozen=True, kw_only=True)
class _Optimiser:
    learning_rate: float
    slots: ClassVar[Slots]
    counts_steps: ClassVar[bool] = False  # whether the step count is part of its state

    def __post_init__(self) -> None:
        require_not_negative(self, "learning_rate")

    @property
    def keywords(self) -> dict[str, float]:
        """The keyword arguments of the optimiser's function in every port."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Adam(_Optimiser):
    """Adam with epsilon added to the bias-corrected square root, as in the paper's algorithm."""

    name: ClassVar[str] = "adam"
    slots: ClassVar[Slots] = ("first_moment", "second_moment")
    counts_steps: ClassVar[bool] = True
    beta1: float = 0.5
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        require_fraction(self, "beta1", "beta2")
        require_positive(self, "epsilon")


@dataclass(frozen=True, kw_only=True)
class KerasAdam(Adam):
    """Adam with epsilon added to the uncorrected square root, as in Keras."""

    name: ClassVar[str] = "keras_adam"


@dataclass(frozen=True, kw_only=True)
class RMSprop(_Optimiser):
    """RMSprop, not centred, with epsilon outside the square root."""

    name: ClassVar[str] = "rmsprop"
    slots: ClassVar[Slots] = ("square_average",)
    decay: float = 0.99
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        require_fraction(self, "decay")
        require_positive(self, "epsilon")


@dataclass(frozen=True, kw_only=True)
class SGD(_Optimiser):
    """Gradient descent with momentum; the buffer is not scaled by the learning rate."""

    name: ClassVar[str] = "sgd"
    slots: ClassVar[Slots] = ("momentum",)
    momentum: float = 0.9

    def __post_init__(self) -> None:
        super().__post_init__()
        require_fraction(self, "momentum")


Optimiser = Adam | KerasAdam | RMSprop | SGD
OPTIMISERS: dict[str, type[Optimiser]] = {
    optimiser.name: optimiser for optimiser in (Adam, KerasAdam, RMSprop, SGD)
}
