"""What must hold of every input, of which Hypothesis chooses the ones to try."""

from math import prod

import numpy as np
import pytest

from common.contract.layouts import flatten_order
from common.parity.measure import require_named
from common.reference import losses

hypothesis = pytest.importorskip("hypothesis", reason="hypothesis is not installed; see extra dev")
st = pytest.importorskip("hypothesis.strategies")


@hypothesis.given(st.tuples(*[st.integers(1, 4)] * 3))
def test_flatten_order_is_what_transposing_maps_does(maps) -> None:
    index = np.arange(prod(maps)).reshape(maps)
    assert np.array_equal(flatten_order(maps), index.transpose(1, 2, 0).ravel())


@hypothesis.given(st.floats(1, 100))
def test_softplus_and_sigmoid_are_accurate_everywhere(value) -> None:
    x = np.array([value])
    large = np.abs(x)
    difference = losses.softplus(large) - losses.softplus(-large)
    require_named(difference, large, "linear_algebra", "softplus(x) − softplus(−x)")
    require_named(losses.sigmoid(x) + losses.sigmoid(-x), np.ones(1), "closed_form", "σ(x) + σ(−x)")
