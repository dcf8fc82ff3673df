"""What is known about the first array in which a port differs, and what it looks like."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
NEAREST = 4  # how many earlier arrays of the same shape are tried as a layer's input


@dataclass(frozen=True)
class Hint:
    """What a difference looks like: a relation between two arrays that was found to hold.

    Attributes:
        words: What fits behind "looks like".
        row: The name of a row of docs/differences.toml, or "" where the catalogue has none.
        remedy: One sentence that a person can act on.
    """

    words: str
    row: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is known about the first array in which a port differs.

    Attributes:
        phase: "weights", "forward", "loss", "backward", "update" or "statistics".
        name: As the reference has it: "conv1", "conv1.weight", "conv1.weight/first_moment",
            "bn1.running_mean", "loss".
        step: From 1.
        values: The port's array, in the reference's layout and of the recorded type.
        reference: The reference's, float64.
        noise: Relative rounding noise to expect of this array, normwise.
        double: Whether the run is a float64 run.
        before: The same parameter, slot or buffer before this step, on which both agree; of a
            gradient, the gradient of the step before.
        gradient: In the phase "update", the reference's gradient of this parameter.
        weights: Of the same layer before this step, by the last part of the name: "weight", "bias",
            "running_mean".
        forward: The reference's outputs of layers in this step, by name, in order.
        inputs: The step's inputs by name: "x", "y".
        slots: In the phase "update", the reference's slots of this parameter after this step:
            "first_moment", "second_moment", "square_average", "momentum".
        framework: The port's: "torch", "tf", "jax", "jittor", or "" if unknown.
    """

    phase: str
    name: str
    step: int
    values: Values
    reference: Values
    noise: float
    double: bool
    before: Values | None = None
    gradient: Values | None = None
    weights: Mapping[str, Values] = field(default_factory=dict)
    forward: Mapping[str, Values] = field(default_factory=dict)
    inputs: Mapping[str, Values] = field(default_factory=dict)
    slots: Mapping[str, Values] = field(default_factory=dict)
    framework: str = ""

    @cached_property
    def port(self) -> Floats:
        """The port's array in float64."""
        return np.asarray(self.values).astype(np.float64)

    @cached_property
    def exact(self) -> Floats:
        """The reference's array in float64."""
        return np.asarray(self.reference).astype(np.float64)

    @property
    def layer(self) -> str:
        """The layer to which a parameter, slot or buffer belongs."""
        return self.name.partition("/")[0].rpartition(".")[0]

    def written_for(self, framework: str) -> bool:
        """Whether a row about this framework can be about this port."""
        return self.framework in ("", framework)

    def weight(self, part: str, like: Floats | None = None) -> Floats | None:
        """A weight of the layer in float64, if it is known and, with `like`, of that shape."""
        found = self.weights.get(part)
        if found is None or (like is not None and np.shape(found) != like.shape):
            return None
        return np.asarray(found).astype(np.float64)

    def earlier(self) -> Iterator[tuple[str, Floats]]:
        """Arrays before this one, and inputs, nearest first; a layer's input is one of them."""
        names = list(self.forward)
        if self.name in self.forward:
            names = names[: names.index(self.name)]
        for name in reversed(names):
            yield name, np.asarray(self.forward[name]).astype(np.float64)
        for name, values in self.inputs.items():
            if np.asarray(values).dtype.kind in "fiu":
                yield name, np.asarray(values).astype(np.float64)

    def earlier_alike(self) -> list[tuple[str, Floats]]:
        """The nearest of them that have this array's shape."""
        shape = self.exact.shape
        return [pair for pair in self.earlier() if pair[1].shape == shape][:NEAREST]
