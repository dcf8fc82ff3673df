"""Which failures are a port's own, and which follow from one before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from common.check.outcome import Comparison
from common.check.runs import Key


@dataclass
class Origin:
    """A failure that nothing before it explains, and those that belong to it."""

    first: Comparison
    layer: str
    also: list[Key] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)


@dataclass
class Placing:
    """The order of a network's layers, and its parameters."""

    reference: Sequence[Key]
    parameters: set[str]
    origins: list[Origin] = field(default_factory=list)

    def layer(self, key: Key) -> str:
        """The layer that an array belongs to: a parameter's, or the one that computed it."""
        if key.base in self.parameters and "." in key.base:
            return key.base.rpartition(".")[0]
        return key.base

    def place(self, failures: Iterable[Comparison]) -> list[Origin]:
        """The origins among failures of a run that was fed the reference's arrays, in order."""
        for failure in failures:
            origin = self._explaining(failure.key)
            if origin is None:
                self.origins.append(Origin(failure, self.layer(failure.key)))
            elif failure.key.step > origin.first.key.step:
                if failure.key.step not in origin.steps:
                    origin.steps.append(failure.key.step)
            else:
                origin.also.append(failure.key)
        return self.origins

    def _explaining(self, key: Key) -> Origin | None:
        return next((origin for origin in self.origins if self._explains(origin, key)), None)

    def _explains(self, origin: Origin, key: Key) -> bool:
        first = origin.first.key
        if (first.phase, first.name) == (key.phase, key.name):
            return True
        same = origin.layer == self.layer(key)
        if first.phase in ("weights", "forward"):
            behind = key.phase == "backward" and origin.layer in self._behind(self.layer(key))
            inside = key.phase in ("forward", "backward", "statistics")
            return behind or (same and inside and not first.is_input)
        if first.phase == "loss":
            last = self._layers()[-1:] == [self.layer(key)]
            return key.phase == "loss" or (key.phase == "backward" and last)
        if first.phase == "backward":
            both = self._is_parameter(first) and self._is_parameter(key)
            return key.phase == "backward" and (same or both)
        return False  # an update or a statistic: each is a finding, until it is put into words

    def _is_parameter(self, key: Key) -> bool:
        return key.base in self.parameters

    def _layers(self) -> list[str]:
        forward = (key.base for key in self.reference if key.phase == "forward")
        return list(dict.fromkeys(forward))

    def _behind(self, layer: str) -> list[str]:
        """The layers that take this one's output: the next one in forward order."""
        layers = self._layers()
        return layers[layers.index(layer) + 1 :][:1] if layer in layers else []
