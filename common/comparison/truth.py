"""The float64 truth of one case, and which of its tensors are nothing but rounding noise."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from common.bounds import NAMED
from common.comparison.cases import Case
from common.comparison.recorded import Recording
from common.comparison.recording import expected_keys
from common.contract import contract
from common.measure import Values

ZERO_GRADIENT = "its true gradient is zero (float64 truth), so what is left is rounding noise"
SHIFTED_MEAN = (
    "after an update it holds the bias in front of it, which moves by rounding noise alone: Adam "
    "and RMSprop blow noise up to the size of a step"
)


class Truth:
    """The element-wise median of the float64 recordings of a case made on a CPU."""

    def __init__(self, case: Case, holders: Sequence[Recording]) -> None:
        self.case = case
        self.references = [r for r in holders if r.label[1:] == ("cpu", "float64")]

    def value(self, key: str) -> Values | None:
        """The truth of one tensor, of the finite recordings of the commonest shape, if any."""
        name = f"{self.case.name}|{key}"
        arrays = [r.read(self.case.name, key) for r in self.references if name in r.keys]
        arrays = [array for array in arrays if np.isfinite(array).all()]
        shapes = [array.shape for array in arrays]
        arrays = [array for array in arrays if array.shape == max(shapes, key=shapes.count)]
        return np.median(np.stack(arrays), axis=0) if arrays else None

    @cached_property
    def zeros(self) -> set[str]:
        """The parameters whose gradient is zero: biases in front of a batch norm."""
        keys = sorted(key for key in expected_keys(self.case) if key.startswith("gradient|"))
        truths = {key: self.value(key) for key in keys}
        norms = {key: float(np.linalg.norm(v)) for key, v in truths.items() if v is not None}
        found = set()
        for network in ("generator", "discriminator"):
            ours = {key: n for key, n in norms.items() if key.startswith(f"gradient|0|{network}")}
            limit = NAMED["structural_zero"] * max(ours.values(), default=0.0)
            found |= {key.split("|")[2] for key, norm in ours.items() if norm <= limit}
        return found

    @cached_property
    def shifted_means(self) -> set[str]:
        """The running means right behind the biases whose gradient is zero."""
        tensors = contract(self.case.system)
        found = set()
        for place, parameter in enumerate(tensors):
            if parameter.full_name in self.zeros:
                behind = tensors[place + 1 : place + 5]
                found |= {p.full_name for p in behind if p.kind == "running_mean"}
        return found

    def is_noise(self, key: str) -> bool:
        """Whether the whole tensor is rounding noise, and is left out by name."""
        quantity, _, tensor = key.split("|")
        if quantity == "buffer":
            return tensor in self.shifted_means
        return any(tensor == name or tensor.endswith(f".{name}") for name in self.zeros)

    def noisy_elements(self, key: str) -> NDArray[np.bool_] | None:
        """The elements of a parameter that rounding noise alone moves, where there are some.

        A linear unit that is active on the whole batch, between its bias and a batch norm, has
        a bias without influence: a zero gradient that comes out as 1e-17, or as 1e-9 in float32.
        """
        quantity, _, tensor = key.split("|")
        if quantity != "parameter":
            return None
        gradient = self.value(f"gradient|0|{tensor}")
        if gradient is None:
            return None
        size = np.abs(gradient)
        limit = NAMED["structural_zero"] * size.max()
        noisy: NDArray[np.bool_] = (size > 0) & (size <= limit)
        return noisy if noisy.any() else None
