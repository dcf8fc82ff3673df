"""Hints: numbers and shapes, the catalogue's rows, and nothing where nothing is proven."""

import ast
import re
import tomllib

import numpy as np
import pytest
from hinting import evidence, hint, rng

from common import ROOT
from common.check.hints import look

hypothesis = pytest.importorskip("hypothesis", reason="hypothesis is not installed; see extra dev")
st = pytest.importorskip("hypothesis.strategies")

X = rng(1).standard_normal((4, 3, 5))
PHASES = ("weights", "forward", "loss", "backward", "update", "statistics")
CATALOGUE = tomllib.loads((ROOT / "docs" / "differences.toml").read_text())["difference"]
SINGLE = {"bias", "dampening", "scalars"}  # names of one word


def test_every_row_is_in_the_catalogue() -> None:
    names = {row["name"] for row in CATALOGUE}
    found = set()
    for path in (ROOT / "common" / "check" / "hints").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= {node.value} & SINGLE
                if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", node.value):
                    found.add(node.value)
    assert found > SINGLE
    assert found <= names
    assert len(found) > 20


def test_nan_in_one_of_the_two() -> None:
    port = X.copy()
    port[1, 2, 3] = port[2, 0, 0] = np.nan
    found = look(evidence("forward", "act", port, X))
    assert found.words.startswith("NaN at 2 of 60 elements, first at [1, 2, 3]")
    port[2, 0, 0] = np.inf
    assert look(evidence("forward", "act", port, X)).words.startswith("NaN or infinity at 2")
    hidden = look(evidence("forward", "act", np.where(np.isnan(port), 0, X), port * np.nan))
    assert hidden is None
    port[2, 0, 0] = np.nan
    found = look(evidence("forward", "act", np.nan_to_num(port), port))
    assert (found.row, found.words[:5]) == ("nan-relu", "0 at ")


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("kept", [True, False])
def test_fewer_digits_by_type_or_by_bits(dtype, kept) -> None:
    port = X.astype(dtype) if kept else X.astype(dtype).astype(np.float64)
    found = look(evidence("forward", "fc", port, X))
    assert np.dtype(dtype).name in found.words
    assert found.row == ""
    jax = look(evidence("forward", "fc", X.astype(np.float32), X, framework="jax"))
    assert jax.row == "float64-arrays"
    noise = look(evidence("forward", "fc", X * (1 + 1e-8 * rng(2).random(X.shape)), X))
    assert noise is None


def test_float32_is_not_the_cause_of_a_large_difference() -> None:
    assert look(evidence("forward", "fc", (X + rng(3).random(X.shape)).astype("f4"), X)) is None


def test_shapes() -> None:
    vector = rng(4).standard_normal(6)
    same = look(evidence("forward", "head", vector[:, None], vector))
    assert same.words == "the same numbers in shape (6, 1) instead of (6,)"
    assert look(evidence("loss", "loss", np.ones(1), np.array(1.0))).row == "scalars"
    scaled = look(evidence("forward", "head", 1.3 * vector[:, None], vector))
    assert scaled.words == "1.3 times the reference everywhere"
    pairs = vector[:, None] - rng(5).standard_normal(6)
    assert "broadcast" in look(evidence("forward", "d", pairs, np.diagonal(pairs))).words
    assert look(evidence("forward", "d", pairs, vector)) is None


def test_a_bias_of_zero_and_an_offset() -> None:
    bias = rng(6).random(7)
    assert look(evidence("weights", "fc.bias", 0 * bias, bias)).row == "bias"
    assert look(evidence("weights", "fc.weight", 0 * bias, bias)) is None
    assert "+0.25 everywhere" in hint("forward", "fc", bias + 0.25, bias).words


def test_a_float32_run_has_hints_where_the_difference_is_far_above_its_noise() -> None:
    noise = {"double": False, "noise": 2.0**-21}
    single = X.astype("f4")
    found = look(evidence("backward", "fc", single * np.float32(0.5), X, **noise))
    assert found.words.startswith("half of the reference")
    small = single * np.float32(1 + 2.0**-12)
    assert look(evidence("backward", "fc", small, X, **noise)) is None
    assert look(evidence("backward", "fc", single, X, **noise)) is None
    coarse = {"double": False, "noise": 2.0**-10}
    assert look(evidence("backward", "fc", X / 2, X, **coarse)) is None


SHAPES = st.sampled_from([(), (1,), (2,), (7,), (3, 4), (4, 1), (2, 3, 4), (2, 3, 4, 4), (1, 1, 5)])


@hypothesis.settings(max_examples=150, deadline=None)
@hypothesis.given(
    st.integers(0, 2**31), SHAPES, st.sampled_from(PHASES), st.booleans(), st.booleans()
)
def test_unrelated_arrays_have_no_hint(seed, shape, phase, positive, near) -> None:
    """Everything known, nothing related; or the port is the reference with another error."""
    draw = rng(seed).standard_normal
    arrays = [draw(shape) for _ in range(8)]
    if positive:
        arrays = [abs(values) for values in arrays]
    port, reference, before, gradient, *rest = arrays
    port = reference + 1e-6 * port if near else port
    channels = [draw(shape[axis] if len(shape) > 1 else shape) for axis in (1, 1, 1)[: len(shape)]]
    parts = dict(zip(("weight", "bias", "running_mean"), channels, strict=False))
    for name in ("bn", "fc.weight", "bn.running_var", "fc.weight/second_moment", "loss"):
        known = {"before": before, "gradient": gradient, "weights": parts, "step": 1 + seed % 2}
        known |= {"forward": {"conv": rest[0], "bn": reference, "out": rest[1]}}
        known |= {"inputs": {"x": rest[2], "y": rest[3]}}
        found = look(evidence(phase, name, port, reference, **known))
        assert found is None, (found, name)
