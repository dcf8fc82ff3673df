"""What a port computes, by step, phase and name, in the order in which it comes to be."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

import numpy as np

BUFFERS = "statistics"
PHASES = ("weights", "forward", "loss", "backward", "update", "statistics")


class Refused(Exception):
    """What a port does that cannot be compared; the message says how to mend it."""


class Records:
    """The arrays of one run, each under "step|phase|name|how"; what is fed takes its place.

    `tracing` is the framework's module of that name, None for NumPy; `weights` are the names of
    the arrays that the model is built from.
    """

    def __init__(
        self, tracing: Any, weights: set[str], feed: Mapping[str, Any], dtype: str
    ) -> None:
        self.tracing, self.weights, self.feed, self.dtype = tracing, weights, feed, dtype
        self.arrays: dict[str, Any] = {}
        self.step = 0

    def start(self, networks: Mapping[str, Any]) -> None:
        """Tell the parameters and buffers that networks start from.

        Buffers that nobody gave a type are float32 in NNX, whatever the run's.
        """
        if networks:
            state = self.tracing.read_state(networks, {})
            buffers = {name: x.astype(self.dtype) for phase, name, x in state if phase == BUFFERS}
            self.tracing.write_state(networks, {}, buffers)
            for _, name, values in self.tracing.read_state(networks, {}):
                self.tell("weights", name, values)
            self._overwrite(networks, {}, ("weights",))

    def end(self, networks: Mapping[str, Any], optimisers: Mapping[str, Any]) -> None:
        """Tell the parameters, slots and buffers that a step leaves."""
        if networks:
            for phase, name, values in self.tracing.read_state(networks, optimisers):
                self.tell(phase, name, values)
            self._overwrite(networks, optimisers, ("update", "statistics"))

    def tell(self, phase: str, name: str, values: Any, how: str = "traced") -> Any:
        """Keep values; return what is fed in their place, or None."""
        key = f"{self.step}|{phase}|{name}|{how}"
        if how == "yielded" and key in self.arrays:
            raise Refused(f"yields {name!r} twice in one step; give each array its own name")
        if key in self.arrays:
            return None
        self.arrays[key] = np.asarray(values)
        return self.feed.get(key)

    def take(self, step: Callable[..., Any], state: Any, inputs: Mapping[str, Any]) -> Any:
        """Run one step, keep what it yields or returns, and return the state that it leaves."""
        result = step(state, inputs)
        if not isinstance(result, Generator):
            if result is not None:
                self._keep(None, dict(flat(result)))
            return state
        answer: Any = None
        while True:
            try:
                item = result.send(answer)
            except StopIteration as end:
                return state if end.value is None else end.value
            answer = self._yielded(item)

    def check(self) -> None:
        """Refuse steps that compute nothing."""
        if not any(not key.startswith("0|") for key in self.arrays):
            raise Refused('step yields no arrays; write: yield "output", output')

    def _yielded(self, item: Any) -> Any:
        """Keep one item that a step yields; the answer is the same, or what is fed for it."""
        parts = item if isinstance(item, tuple) else ()
        if len(parts) not in (2, 3) or not all(isinstance(part, str) for part in parts[:-1]):
            raise Refused("yields something other than a name and an array: yield name, array")
        *before, name, value = parts
        if before and before[0] not in PHASES:
            raise Refused(f"yields the phase {before[0]!r}; choose one of: {', '.join(PHASES)}")
        phase = before[0] if before else None
        if not is_mapping(value):
            return self._keep(phase, {name: value})[name]
        if phase is None and name in PHASES:
            return self._keep(name, dict(flat(value)))
        kept = self._keep(phase, {f"{name}.{key}": part for key, part in flat(value)})
        return {key.removeprefix(f"{name}."): part for key, part in kept.items()}

    def _keep(self, phase: str | None, values: Mapping[str, Any]) -> dict[str, Any]:
        kept = {}
        for name, value in values.items():
            array = as_numpy(self.tracing, value, f"yields {name!r}, which")
            instead = self.tell(phase or self._phase(name), name, array, "yielded")
            kept[name] = value if instead is None else self._replaced(value, instead)
        return kept

    def _phase(self, name: str) -> str:
        """The phase that a name speaks of, where none is given."""
        if name in self.weights:
            return "update"
        if "grad" in name.lower():
            return "backward"
        if "loss" in name.lower():
            return "loss"
        return "statistics" if name.startswith(("running", "moving")) else "forward"

    def _replaced(self, value: Any, instead: Any) -> Any:
        if self.tracing and self.tracing.is_array(value):
            return self.tracing.replaced(value, instead)
        return instead

    def _overwrite(
        self, networks: Mapping[str, Any], optimisers: Mapping[str, Any], phases: tuple[str, ...]
    ) -> None:
        """Put what is fed for this step into networks and optimisers."""
        fed = {}
        for key, values in self.feed.items():
            step, phase, name, how = key.split("|")
            if int(step) == self.step and phase in phases and how == "traced":
                fed[name] = values
        if fed:
            self.tracing.write_state(networks, optimisers, fed)


def is_mapping(value: Any) -> bool:
    """Whether a value has names: a dict, or what a framework uses as one."""
    return hasattr(value, "keys") and hasattr(value, "__getitem__")


def flat(values: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Names and leaves of nested mappings, names joined by dots."""
    if not is_mapping(values):
        kind = type(values).__name__
        raise Refused(f"gives a {kind} where a dict of names to arrays is expected")
    for name in values.keys():  # noqa: SIM118
        value = values[name]
        if is_mapping(value):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def as_numpy(tracing: Any, value: Any, what: str) -> Any:
    """The values of an array of NumPy or of the framework, of a variable, or of a number."""
    if tracing and not tracing.is_array(value):
        value = getattr(value, "value", value)  # a variable that holds an array
    if tracing and tracing.is_array(value):
        return np.asarray(tracing.to_numpy(value))
    if isinstance(value, np.ndarray | np.generic | float | int):
        return np.array(value)
    raise Refused(f"{what} is a {type(value).__name__}, not an array")
