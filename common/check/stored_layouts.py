"""Parameters that a port stores under another name or in another layout, told by their values."""

from collections.abc import Mapping
from dataclasses import dataclass

from common.check.layouts.names import Names, Rule
from common.check.layouts.placement import Rearrangement
from common.check.layouts.rearrangement import find
from common.check.runs import Key, Run, Values
from common.parity.bounds import CHECK_FLOOR

ROWS = {"flipped": "turned-kernel", "flattened": "flatten-order"}


@dataclass(frozen=True)
class Stored:
    """A parameter whose values are the reference's in another layout."""

    key: Key
    layout: Rearrangement  # from the port's to the reference's
    usual: Rearrangement  # what turns the values, laid out as declared or usual, into it

    @property
    def row(self) -> str:
        """The entry of the catalogue of differences."""
        rows = (row for word, row in ROWS.items() if word in self.usual.words)
        return next(rows, "weight-layouts")


def rename(run: Run, names: Names, reference: Mapping[Key, Values]) -> list[str]:
    """Rules for parameters whose values are those of another name; returns them in words."""
    ours = {k: v for k, v in run.arrays.items() if k.phase == "weights" and k not in reference}
    theirs = {k: v for k, v in reference.items() if k.phase == "weights" and k not in run.arrays}
    said, layers = [], {}
    for key, values in ours.items():
        fitting = [other for other, goal in theirs.items() if _layout(values, goal)]
        if len(fitting) != 1:
            continue
        other = fitting[0]
        theirs.pop(other)
        own = run.own[key].text.split("|")[2]
        layout = _layout(_own(run, key), reference[other])
        plain = layout is None or layout.is_identity
        names.by_value.append(Rule(own, other.name, None if plain else layout))
        said.append(f"{own} is {other.name}")
        inside, outside = own.rpartition(".")[0], other.name.rpartition(".")[0]
        if inside and outside and inside != outside:
            layers[inside] = outside
    # Behind what is proven: the layers themselves, and what else they hold.
    for inside, outside in layers.items():
        names.by_value += [Rule(inside, outside), Rule(f"{inside}.*", f"{outside}.*")]
    return said


def search(run: Run, names: Names, reference: Mapping[Key, Values]) -> list[Stored]:
    """Parameters that hold the reference's values in a layout that nobody declared."""
    found = []
    for key, values in run.arrays.items():
        goal = reference.get(key)
        if key.phase != "weights" or goal is None or not run.own[key].traced:
            continue
        usual = _layout(values, goal)
        if usual is None or usual.is_identity:
            continue
        layout = _layout(_own(run, key), goal)
        if layout:
            found.append(Stored(key, layout, usual))
            names.found[key.name] = layout
    return found


def _own(run: Run, key: Key) -> Values:
    """The array in the port's own layout."""
    layout = run.own[key].layout
    return layout.undo(run.arrays[key]) if layout else run.arrays[key]


def _layout(values: Values, goal: Values) -> Rearrangement | None:
    if values.size != goal.size or values.size < 2:
        return None
    return find(values, goal, CHECK_FLOOR["float64"]["weights"])
