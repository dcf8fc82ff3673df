"""The float64 reference of one case: which recordings agree, and what is rounding noise."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from common.contract import contract
from common.parity.agreement import Agreement, agree
from common.parity.bounds import NAMED, float64_bound
from common.parity.cases import Case
from common.parity.keys import Key
from common.parity.measure import Values, normwise_error
from common.parity.record import expected_keys, helping_keys
from common.parity.recording_file import Recording

ZERO_GRADIENT = "its true gradient is zero (float64 reference), so what is left is rounding noise"
SHIFTED_MEAN = (
    "after an update it holds the bias in front of it, which moves by rounding noise alone: Adam "
    "and RMSprop blow noise up to the size of a step"
)
MOVED_BY_UPDATES = ("parameter", "average")


class Reference:
    """The float64 recordings of a case made on a CPU, each judged by the others."""

    def __init__(self, case: Case, holders: Sequence[Recording]) -> None:
        self.case = case
        self.keys = expected_keys(case) | helping_keys(case)
        self.witnesses = [r for r in holders if r.can_judge and r.dtype == "float64"]
        self._agreements: dict[Key, Agreement] = {}
        self._noisy: dict[str, NDArray[np.bool_] | None] = {}
        self._carried: dict[Recording, float] = {}

    def others(self, judged: Recording) -> list[Recording]:
        """The recordings that it is judged by: never itself."""
        return [witness for witness in self.witnesses if witness is not judged]

    def agreement(self, key: Key) -> Agreement:
        """Which recordings of one tensor agree."""
        if key not in self._agreements:
            bound = self.bound(key)
            arrays = {r: self.read(r, key) for r in self.witnesses if r.has(self.case.name, key)}
            self._agreements[key] = agree(arrays, bound)
        return self._agreements[key]

    def bound(self, key: Key) -> float:
        """The bound of a float64 run."""
        return float64_bound(key.quantity, key.step, self.case.kind)

    def read(self, recording: Recording, key: Key) -> Values:
        """A recording's tensor, its elements that are rounding noise at zero."""
        values, noisy = recording.read(self.case.name, key), self.noisy_elements(key)
        fits = noisy is not None and noisy.shape == values.shape and np.isfinite(values).all()
        return np.where(noisy, 0.0, values) if fits else values  # type: ignore[arg-type]

    @cached_property
    def zeros(self) -> set[str]:
        """The parameters whose gradient is zero: biases in front of a batch norm."""
        keys = sorted(key for key in self.keys if key.quantity == "gradient")
        values = {key: self.agreement(key).value() for key in keys}
        norms = {key: float(np.linalg.norm(v)) for key, v in values.items() if v is not None}
        zeros = set()
        for network in ("generator", "discriminator"):
            ours = {key: norm for key, norm in norms.items() if key.network == network}
            limit = NAMED["structural_zero"] * max(ours.values(), default=0.0)
            zeros |= {key.tensor for key, norm in ours.items() if norm <= limit}
        return zeros

    @cached_property
    def shifted_means(self) -> set[str]:
        """The running means right behind the biases whose gradient is zero."""
        tensors = contract(self.case.system)
        means = set()
        for place, parameter in enumerate(tensors):
            if parameter.full_name in self.zeros:
                behind = tensors[place + 1 : place + 5]
                means |= {p.full_name for p in behind if p.kind == "running_mean"}
        return means

    def is_noise(self, key: Key) -> bool:
        """Whether the whole tensor is rounding noise, and is left out by name."""
        if key.quantity in ("buffer", "average") and key.tensor in self.shifted_means:
            return True
        return any(key.tensor == name or key.tensor.endswith(f".{name}") for name in self.zeros)

    def noisy_elements(self, key: Key) -> NDArray[np.bool_] | None:
        """The elements of a parameter that rounding noise alone moves, where there are some.

        A linear unit that is active on the whole batch, between its bias and a batch norm, has
        a bias without influence: a zero gradient that comes out as 1e-17, or as 1e-9 in float32.
        """
        tensor, gradient_key = key.tensor, Key("gradient", 0, key.tensor)
        if key.quantity not in MOVED_BY_UPDATES or gradient_key not in self.keys:
            return None
        if tensor not in self._noisy:
            self._noisy[tensor] = _all_but_zero(self.agreement(gradient_key).value())
        return self._noisy[tensor]

    def carried_noise(self, recording: Recording) -> float:
        """How far a float32 run moved parameters whose first gradient cancels, at most, normwise.

        Where a linear unit is active on the whole batch, a loss that subtracts as many fake scores
        as there are real ones gives its bias a gradient of exactly zero in float64. Float32 may
        sum it in another order and keep a rounding error, which Adam and RMSprop blow up to a part
        of a step. No run of a framework that sums in order shows it, perturbed or not. What is
        zero in float32 too, as behind a ReLU that is never active, is no noise if it moves.
        """
        if recording.dtype != "float32":
            return 0.0
        if recording not in self._carried:
            moved = (key for key in self.keys if key.quantity == "parameter")
            self._carried[recording] = max(
                (self._moved_by_noise(recording, k) for k in moved), default=0.0
            )
        return self._carried[recording]

    def _moved_by_noise(self, recording: Recording, key: Key) -> float:
        gradient_key = Key("gradient", 0, key.tensor)
        first, ours = (
            self.agreement(gradient_key).value(),
            self._finite(recording, gradient_key),
        )
        if first is None or ours is None or ours.shape != first.shape:
            return 0.0
        limit = NAMED["cancelled_float32"] * np.abs(first).max()
        cancelled = (first == 0) & (ours != 0) & (np.abs(ours) <= limit)
        after, moved = self.agreement(key).value(), self._finite(recording, key)
        if not cancelled.any() or after is None or moved is None or moved.shape != after.shape:
            return 0.0
        return normwise_error(np.where(cancelled, moved, after), after)

    def _finite(self, recording: Recording, key: Key) -> Values | None:
        """A recording's tensor, if it is there and finite."""
        if not recording.has(self.case.name, key):
            return None
        values = recording.read(self.case.name, key)
        return values if np.isfinite(values).all() else None


def _all_but_zero(gradient: Values | None) -> NDArray[np.bool_] | None:
    if gradient is None:
        return None
    size = np.abs(gradient)
    noisy: NDArray[np.bool_] = (size > 0) & (size <= NAMED["structural_zero"] * size.max())
    return noisy if noisy.any() else None
