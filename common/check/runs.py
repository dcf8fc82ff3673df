"""What one run of a port computed, under shared names and in the shared layout."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from common import UsageError
from common.check.layouts.linear_layouts import LinearLayouts
from common.check.layouts.names import Names, split_name
from common.check.layouts.placement import Rearrangement

Values = NDArray[Any]


class Key(NamedTuple):
    """Which array of a run: the step, 0 before any, the phase and the shared name."""

    step: int
    phase: str
    name: str

    @property
    def base(self) -> str:
        """The name without a call's number or an optimiser's slot."""
        return split_name(self.name)[0]

    @property
    def is_input(self) -> bool:
        """Whether it is what a layer is given."""
        return "/input" in self.name

    @property
    def output(self) -> "Key":
        """The output that belongs to an input."""
        return self._replace(name=self.name.replace("/input", ""))


class Own(NamedTuple):
    """What the port itself calls an array, its layout there, and its type."""

    text: str
    layout: Rearrangement | None
    dtype: str
    traced: bool


@dataclass
class Run:
    """The arrays of a run in the order in which they came to be, in float64."""

    arrays: dict[Key, Values] = field(default_factory=dict)
    own: dict[Key, Own] = field(default_factory=dict)

    @property
    def parameters(self) -> set[str]:
        """The shared names of what the networks start from, if they were traced."""
        return {key.name for key in self.arrays if key.phase == "weights"}


def load_run(path: Path, names: Names) -> Run:
    """The run that a port's process wrote.

    A yielded array takes the place of a traced one of the same name; a name that a layout does
    not fit keeps its shape.
    """
    run, stored = Run(), load_file(path)
    parts = {text: text.split("|") for text in sorted(stored)}
    started = {p[3]: stored[text].ndim for text, p in parts.items() if p[2] == "weights"}
    linear = LinearLayouts(started, names)
    for text, (_, step, phase, name, how) in parts.items():
        values, traced = stored[text], how == "traced"
        base, rest = split_name(name)
        parameter = base in started
        shared, layout = names.to_shared(name, values.ndim, traced=traced, parameter=parameter)
        if traced and layout is None:
            layout = linear.of(base, rest, values.ndim)
        key = Key(int(step), phase, shared)
        if key in run.own and not run.own[key].traced:
            continue
        run.own[key] = Own(text.partition("|")[2], layout, values.dtype.name, traced)
        run.arrays[key] = _laid_out(values, layout)
    return run


def write_feed(
    path: Path, run: Run, reference: Mapping[Key, Values], except_for: Iterable[Key]
) -> None:
    """Write the reference's arrays under a port's own names, laid out as its own."""
    fed, left_out = {}, set(except_for)
    for key, own in run.own.items():
        values = None if key in left_out else reference.get(key)
        if values is not None and values.shape == run.arrays[key].shape:
            original = own.layout.undo(values) if own.layout else values
            fed[own.text] = np.asarray(original.astype(own.dtype), order="C")
    save_file(fed, path)


def in_order(keys: Iterable[Key]) -> list[Key]:
    """Keys in order of computation: a late loss before its gradients, slots before parameters."""
    blocks: list[list[Key]] = []
    for key in keys:
        if key.phase == "loss" and blocks and blocks[-1][0].phase == "backward":
            blocks.insert(len(blocks) - 1, [key])
        elif blocks and blocks[-1][0][:2] == key[:2]:
            blocks[-1].append(key)
        else:
            blocks.append([key])
    parameters = {key.name for block in blocks for key in block if key.phase == "weights"}
    return [key for block in blocks for key in _by_layer(block, parameters)]


def _by_layer(block: list[Key], parameters: set[str]) -> list[Key]:
    """Gradients of a layer's parameters behind the gradient at its output; slots come first.

    The gradient at a network's or another container's output comes before those of its layers.
    """
    if block[0].phase == "update":
        return sorted(block, key=lambda key: "/" not in key.name)
    if block[0].phase != "backward":
        return block
    places = {key.base: place for place, key in enumerate(block) if key.base not in parameters}

    def order(item: tuple[int, Key]) -> tuple[int, int]:
        place, key = item
        if key.base in parameters:
            layer = key.base.rpartition(".")[0]
            return (places[layer], 1) if layer in places else (place, 0)
        if key.base == "output":
            return -1, 0
        inside = [places[base] for base in places if base.startswith(f"{key.base}.")]
        return (min(inside), -1) if inside else (place, 0)

    return [key for _, key in sorted(enumerate(block), key=order)]


def _laid_out(values: Values, layout: Rearrangement | None) -> Values:
    exact = values.astype(np.float64) if values.dtype.kind in "fiub" else values
    if layout is None:
        return exact
    try:
        return layout.apply(exact)
    except UsageError:
        return exact
