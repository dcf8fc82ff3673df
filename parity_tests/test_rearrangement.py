"""One array found in another, whatever the order of its axes; nothing found where nothing is."""

from time import process_time

import numpy as np
import pytest
from einops import rearrange

from common import UsageError
from common.check.layouts.rearrangement import KINDS, Rearrangement, find, find_all
from common.contract import Parameter
from common.contract.layouts import to_channels_last
from common.parity.bounds import FACTOR, NAMED

EXACT, FLOAT64, FLOAT32 = NAMED["exact"], NAMED["closed_form"], NAMED["closed_form_float32"]


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


CASES = {
    "conv of Keras and Flax": (drawn(3, 3, 4, 8), "h w i o -> o i h w", (), {}),
    "square conv": (drawn(3, 3, 3, 3), "h w i o -> o i h w", (), {}),
    "conv of PyTorch": (drawn(8, 4, 3, 3), "o i h w -> h w i o", (), {}),
    "conv_transpose of Flax": (drawn(4, 4, 6, 5), "h w i o -> i o h w", ("h", "w"), {}),
    "conv in one dimension": (drawn(5, 4, 8), "k i o -> o i k", (), {}),
    "conv in three dimensions": (drawn(3, 3, 3, 2, 4), "d h w i o -> o i d h w", (), {}),
    "linear": (drawn(6, 5), "i o -> o i", (), {}),
    "square linear": (drawn(6, 6), "i o -> o i", (), {}),
    "maps": (drawn(2, 4, 4, 3), "n h w c -> n c h w", (), {}),
    "flattened maps": (drawn(2, 4, 4, 3), "n h w c -> n (c h w)", (), {"h": 4, "w": 4}),
    "maps from a matrix": (drawn(2, 48), "n (h w c) -> n c h w", (), {"h": 4, "w": 4}),
    "linear after maps": (drawn(4 * 4 * 6, 5), "(h w c) o -> o (c h w)", (), {"h": 4, "w": 4}),
    "linear before maps": (drawn(5, 4 * 4 * 6), "i (h w c) -> (c h w) i", (), {"h": 4, "w": 4}),
    "square linear after maps": (drawn(54, 54), "(h w c) o -> (c h w) o", (), {"h": 3, "w": 3}),
    "bias of maps": (drawn(4 * 4 * 6), "(h w c) -> (c h w)", (), {"h": 4, "w": 4}),
    "maps that are not square": (drawn(2 * 3 * 7, 5), "(s c) o -> o (c s)", (), {"s": 6}),
    "any order": (drawn(2, 3, 4, 5), "a b c d -> c a d b", (), {}),
    "a flip alone": (drawn(3, 3, 4, 8), "a b c d -> a b c d", ("b",), {}),
}


def reference_of(values, pattern, flips, sizes):
    axes = pattern.partition(" ->")[0].split()
    return rearrange(np.flip(values, [axes.index(n) for n in flips]), pattern, **sizes)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_rearrangement_is_found_from_the_values(case) -> None:
    values, pattern, flips, sizes = case
    reference = reference_of(values, pattern, flips, sizes)
    found = find(values, reference, EXACT)
    assert found == Rearrangement(pattern, sizes, flips)
    assert not found.ambiguous
    np.testing.assert_array_equal(found.apply(values), reference)
    np.testing.assert_array_equal(found.undo(reference), values)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_float32_is_found_in_float64_within_its_bound_alone(case) -> None:
    values, pattern, flips, sizes = case
    reference = reference_of(values, pattern, flips, sizes)
    rounded = values.astype(np.float32)
    assert find(rounded, reference, FLOAT32) == Rearrangement(pattern, sizes, flips)
    assert find(rounded, reference, FLOAT64) is None


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_one_element_that_differs_is_enough(case) -> None:
    values, pattern, flips, sizes = case
    reference = np.array(reference_of(values, pattern, flips, sizes))
    reference.flat[reference.size // 2] *= 1 + FACTOR * FLOAT32
    assert find(values, reference, FLOAT64) is None


def test_the_layouts_of_this_project_s_ports() -> None:
    linear = Parameter(
        name="fc.weight", network="generator", kind="linear", shape=(10, 96), maps_in=(6, 4, 4)
    )
    weight = drawn(10, 96)
    found = find(to_channels_last(linear, weight), weight, EXACT)
    assert found is not None
    assert found.declare("fc.weight") == (
        '("fc.weight", "(h w c) o -> o (c h w)", {"h": 4, "w": 4})'
    )


def test_rows_columns_and_elements_in_another_order() -> None:
    values = drawn(12, 5)
    rows = np.random.default_rng(1).permutation(12)
    found = find(values, values[rows], EXACT)
    assert (found.order, found.axis, found.words) == (tuple(rows), 0, "its rows in another order")
    np.testing.assert_array_equal(found.undo(values[rows]), values)
    gates = np.r_[4:8, 0:4, 8:12]  # of a GRU: Keras begins with the update gate, PyTorch with reset
    found = find(values.T, values[gates], EXACT)
    assert found.words == "transposed, its rows in another order"
    np.testing.assert_array_equal(found.apply(values.T), values[gates])
    assert "elements" in find(values[:, 0], values[rows, 0], EXACT).words


def test_other_values_are_found_nowhere() -> None:
    for shape in ((4, 4), (3, 3, 4, 8), (24,), (3, 3, 3, 3, 3)):
        values = drawn(*shape)
        assert find(values, drawn(*shape, seed=1), FLOAT32) is None
        shuffled = np.random.default_rng(1).permutation(values.ravel()).reshape(shape)
        if len(shape) > 1:
            assert find(values, shuffled, FLOAT32) is None
    assert find(np.full((2, 2), np.nan), np.full((2, 2), np.nan), FLOAT32) is None
    assert find(drawn(4), drawn(5), FLOAT32) is None


@pytest.mark.parametrize("noise", [0.0, FLOAT64])
def test_constant_arrays_are_themselves_and_nothing_else(noise) -> None:
    values = 1 + noise * drawn(6, 6)
    found = find(values, values.copy(), FLOAT64)
    assert found.is_identity
    assert found.ambiguous
    if noise:  # equal but for rounding, and the bound is below that rounding
        assert find(values, values.T, FLOAT64 / FACTOR**0.5) is None
    across = find(np.ones((6, 4)), np.ones((4, 6)), FLOAT64)
    assert (across.words, across.ambiguous) == ("transposed", True)


def test_a_symmetric_matrix_is_ambiguous() -> None:
    values = drawn(5, 5)
    assert not find(values, values, EXACT).ambiguous
    found = find(values + values.T, values + values.T, EXACT)
    assert found.is_identity
    assert found.ambiguous


def test_empty_arrays_and_single_numbers() -> None:
    assert find(np.zeros((0, 3)), np.zeros((0, 3)), EXACT).is_identity
    assert find(np.array(2.0), np.array(2.0), EXACT).is_identity
    assert find(np.array(2.0), np.array([2.0]), EXACT).apply(np.array(2.0)).shape == (1,)
    assert find(np.array(2.0), np.array(3.0), EXACT) is None


@pytest.mark.parametrize("shape", [(3, 3, 4, 8), (4, 4, 4, 4), (12, 12), (96, 5), (24,), (2, 12)])
def test_every_candidate_fits_its_shape_and_can_be_undone(shape) -> None:
    values = drawn(*shape)
    targets = {shape, shape[::-1], (*shape[2:], *shape[:2]), (2, 12), (2, 3, 4), (2, 2, 2, 3)}
    seen = 0
    for target in sorted(t for t in targets if np.prod(t) == values.size):
        results = []
        for candidate in find_all(shape, target):
            arranged = candidate.apply(values)
            assert arranged.shape == target, candidate
            np.testing.assert_array_equal(candidate.undo(arranged), values)
            results.append(arranged.tobytes())
        assert len(set(results)) == len(results)  # no two are the same in other words
        seen += len(results)
    assert seen > 1


def test_candidates_begin_with_the_simplest_and_come_by_kind() -> None:
    first, second, *_ = find_all((4, 4), (4, 4))
    assert (first.words, second.words) == ("as it is", "transposed")
    assert len(find_all((4, 4), (4, 4), ("layout",))) == 2
    assert find_all((3, 4), (4, 4)) == []
    parts = [find_all((4, 4), (4, 4), (kind,)) for kind in KINDS[:-1]]
    assert len(find_all((4, 4), (4, 4), KINDS[:-1])) == sum(map(len, parts))


@pytest.mark.parametrize(
    ("arranged", "words", "declaration"),
    [
        (Rearrangement("i o -> o i"), "transposed", '"i o -> o i"'),
        (
            Rearrangement("h w i o -> i o h w", {}, ("h", "w")),
            "axes in the order 2 3 0 1, flipped along axes 0 and 1",
            '("h w i o -> i o h w", {"flip": "h w"})',
        ),
        (
            Rearrangement("(h w c) o -> (c h w) o", {"h": 4, "w": 4}),
            "flattened channels last instead of channels first",
            '("(h w c) o -> (c h w) o", {"h": 4, "w": 4})',
        ),
        (
            Rearrangement("(c h w) o -> o (h w c)", {"h": 4, "w": 4}),
            "flattened channels first instead of channels last, transposed",
            '("(c h w) o -> o (h w c)", {"h": 4, "w": 4})',
        ),
        (Rearrangement("a b -> a b", {}, ("a",)), "flipped along axis 0", None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_words_and_declarations(arranged, words, declaration) -> None:
    assert arranged.words == words
    assert declaration in (None, arranged.declaration)


def test_a_declared_pattern_that_does_not_fit_says_so() -> None:
    with pytest.raises(UsageError, match=r"'h w i o -> o i h w' does not fit .* \(3, 4\)"):
        Rearrangement("h w i o -> o i h w").apply(drawn(3, 4))
    with pytest.raises(UsageError, match="does not fit"):
        Rearrangement("(h w c) o -> o (c h w)", {"h": 5, "w": 5}).apply(drawn(16, 4))


@pytest.mark.parametrize(
    "arranged",
    [
        lambda a: a.reshape(4, 4, 32, 2048).transpose(3, 2, 0, 1).reshape(2048, 512),
        lambda a: a[np.random.default_rng(0).permutation(512)],
        lambda a: np.r_[a[:1, ::-1], a[1:]],
    ],
    ids=["flattened", "rows", "none"],
)
def test_a_large_matrix_takes_less_than_a_second(arranged) -> None:
    values = drawn(512, 2048)
    reference = arranged(values)
    began = process_time()
    find(values, reference, FLOAT32)
    assert process_time() - began < 1
