"""The layout of what a linear layer takes and gives, from the layout of its weight.

A weight whose inputs or outputs are flattened maps in another order says so of the maps, too.
"""

from collections.abc import Mapping

from common.check.layouts.names import Names
from common.check.layouts.patterns import groups, sides
from common.check.layouts.placement import Rearrangement

OUTPUTS, INPUTS = 0, 1  # the axes of a weight in the shared layout, which is PyTorch's


class LinearLayouts:
    """Of the linear layers of one run, whose parameters have these numbers of axes."""

    def __init__(self, parameters: Mapping[str, int], names: Names) -> None:
        self.weights: dict[str, Rearrangement] = {}
        for name, rank in parameters.items():
            layout = names.to_shared(name, rank, traced=True, parameter=True)[1]
            if rank == 2 and layout is not None and not layout.order and not layout.flips:
                self.weights[name.rpartition(".")[0]] = layout

    def of(self, name: str, rest: str, rank: int) -> Rearrangement | None:
        """The layout of a matrix of a layer's inputs ("/input" in `rest`) or outputs, if any."""
        weight = self.weights.get(name)
        if weight is None or rank != 2:
            return None
        left, right = (groups(side) for side in sides(weight.pattern))
        target = right[INPUTS if "/input" in rest else OUTPUTS]
        own = next((axis for axis in left if sorted(axis) == sorted(target)), target)
        if own == target:
            return None
        sizes = {name: size for name, size in weight.sizes.items() if name in own}
        return Rearrangement(f"n ({' '.join(own)}) -> n ({' '.join(target)})", sizes)
