"""`rosetta match`: a PyTorch state found in Keras's and Flax's layouts, by values or without."""

import ast
import json

import numpy as np
import pytest

from common.check.layouts.placement import Rearrangement
from common.check.match.conventions import Side
from common.check.match.matching import match_tensors
from common.check.match.tensor_names import alike, in_order, kind, layer, natural_key, role
from common.files.tensors import read_tensors, write_tensors
from parity_tests.test_command_line import here  # noqa: F401

CONV, LINEAR = "h w i o -> o i h w", "i o -> o i"
FLATTENED = ("(h w c) o -> o (c h w)", {"h": 4, "w": 4})
FLAX_UP = ("h w i o -> i o h w", {"flip": "h w"})


def torch_state(seed=0):
    """A network as PyTorch initialises it: biases and shifts are zero, scales one."""
    draw = np.random.default_rng(seed).normal
    shapes = {
        "conv1": (16, 3, 4, 4),
        "conv2": (32, 16, 4, 4),
        "conv3": (32, 32, 3, 3),
        "up": (32, 16, 4, 4),
        "fc1": (64, 16 * 4 * 4),
        "fc2": (64, 64),
        "out": (1, 64),
    }
    state = {f"{name}.weight": draw(size=shape) for name, shape in shapes.items()}
    state |= {f"{n}.bias": np.zeros(s[n == "up"]) for n, s in shapes.items() if n != "conv2"}
    state |= {"bn.weight": np.ones(32), "bn.bias": np.zeros(32)}
    state |= {"bn.running_mean": draw(size=32), "bn.running_var": draw(size=32) ** 2}
    counter = {"bn.num_batches_tracked": np.array(3)}
    return {name: a.astype(np.float32) for name, a in state.items()} | counter


KERAS_NAMES = {
    "conv1": "conv2d",
    "conv2": "conv2d_1",
    "conv3": "conv2d_2",
    "up": "conv2d_transpose",
    "bn": "batch_normalization",
    "fc1": "dense",
    "fc2": "dense_1",
    "out": "dense_2",
}
KERAS_ROLES = {
    "weight": "gamma",
    "bias": "beta",
    "running_mean": "moving_mean",
    "running_var": "moving_variance",
}
FLAX_NAMES = {
    "conv1": "Conv_0",
    "conv2": "Conv_1",
    "conv3": "Conv_2",
    "up": "ConvTranspose_0",
    "bn": "BatchNorm_0",
    "fc1": "Dense_0",
    "fc2": "Dense_1",
    "out": "Dense_2",
}
FLAX_ROLES = {"weight": "scale", "bias": "bias", "running_mean": "mean", "running_var": "var"}


def in_layout(name, values, *, flax):
    if name == "up.weight":
        return values.transpose(2, 3, 0, 1)[::-1, ::-1] if flax else values.transpose(2, 3, 1, 0)
    if name == "fc1.weight":
        return values.reshape(64, 16, 4, 4).transpose(2, 3, 1, 0).reshape(-1, 64)
    return values.transpose(2, 3, 1, 0) if values.ndim == 4 else values.T


def ported_name(name, *, flax):
    where, _, what = name.partition(".")
    if where == "bn":
        what = (FLAX_ROLES if flax else KERAS_ROLES)[what]
    elif what == "weight":
        what = "kernel"
    if not flax:
        return f"{KERAS_NAMES[where]}/{what}"
    collection = "batch_stats" if what in ("mean", "var") else "params"
    return f"{collection}/{FLAX_NAMES[where]}/{what}"


def ported(state, *, flax=False, dtype=np.float32):
    return {
        ported_name(name, flax=flax): in_layout(name, values, flax=flax).astype(dtype)
        for name, values in state.items()
        if name != "bn.num_batches_tracked"
    }


def sorted_naturally(tensors):
    return {name: tensors[name] for name in sorted(tensors, key=natural_key)}


def match(own, other, ordered=(False, False)):
    return match_tensors(sorted_naturally(own), sorted_naturally(other), ordered)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("flax", [False, True], ids=["keras", "flax"])
def test_equal_values_prove_every_kernel_and_the_layers_settle_the_rest(flax, dtype) -> None:
    state = torch_state()
    own = ported(state, flax=flax, dtype=dtype)
    matching = match(own, state)
    assert matching.settled
    assert matching.counters == ([], ["bn.num_batches_tracked"])
    right = {ported_name(n, flax=flax): n for n in state if n != "bn.num_batches_tracked"}
    assert {m.own: m.other for m in matching.matches} == right
    proven = {m.other for m in matching.matches if m.status == "proven"}
    constant = {n for n, a in state.items() if a.min() == a.max()}
    assert proven == state.keys() - constant
    for name, values in matching.converted(own).items():
        np.testing.assert_array_equal(values.astype(np.float32), state[name])


@pytest.mark.parametrize("flax", [False, True], ids=["keras", "flax"])
def test_other_values_leave_what_shapes_cannot_tell(flax) -> None:
    own = ported(torch_state(seed=1), flax=flax)
    matching = match(own, torch_state())
    right = {ported_name(n, flax=flax): n for n in torch_state() if n[-7:] != "tracked"}
    assert {m.own: m.other for m in matching.matches} == right
    open_ = {m.other: m for m in matching.matches if m.status == "ambiguous"}
    assert {*open_} == {"fc1.weight", "fc2.weight", *(["up.weight"] if flax else [])}
    assert open_["fc1.weight"].placements == (
        Rearrangement(*FLATTENED),
        Rearrangement(LINEAR),
    )
    assert [p.words for p in open_["fc2.weight"].placements] == ["transposed", "as it is"]
    if flax:
        flipped, plain = open_["up.weight"].placements
        assert (flipped.flips, plain.flips) == (("h", "w"), ())
    assert not any(m.status == "proven" for m in matching.matches)


def test_the_same_framework_needs_no_rearrangement() -> None:
    matching = match(torch_state(seed=1), torch_state())
    assert all(m.own == m.other and m.placement.is_identity for m in matching.matches)
    assert {m.own for m in matching.matches if m.status == "ambiguous"} == {"fc2.weight"}


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def test_square_convolutions_follow_the_convention_of_their_name() -> None:
    shape, goal = (3, 3, 64, 64), (64, 64, 3, 3)
    (conv,) = match({"conv/kernel": drawn(*shape)}, {"conv.weight": drawn(*goal, seed=1)}).matches
    assert (conv.status, conv.placement.pattern) == ("likely", CONV)
    (unknown,) = match({"a/kernel": drawn(*shape)}, {"b.weight": drawn(*goal, seed=1)}).matches
    assert unknown.status == "ambiguous"
    assert unknown.placement.pattern == CONV
    up = ({"conv_transpose/kernel": drawn(*shape)}, {"b.weight": drawn(*goal, seed=1)})
    (up,) = match(*up).matches
    assert [p.declaration for p in up.placements] == [
        '"h w o i -> i o h w"',
        '("h w i o -> i o h w", {"flip": "h w"})',
        '"h w i o -> i o h w"',
    ]


def test_equal_tensors_of_one_shape_go_by_order_only_where_numbers_tell_it() -> None:
    shared = drawn(8, 8)
    names = ({"conv2d": 0, "conv2d_1": 1}, {"conv1": 0, "conv2": 1})
    own, other = ({f"{n}/kernel": shared for n in ns} for ns in names)
    matching = match(own, other)
    assert [(m.own[:-7], m.other[:-7]) for m in matching.matches] == [
        ("conv2d", "conv1"),
        ("conv2d_1", "conv2"),
    ]
    assert {m.status for m in matching.matches} == {"likely"}
    first = {"encode.weight": shared, "head.weight": shared}
    second = {"begin.weight": shared, "end.weight": shared}
    matching = match(first, second)
    assert [m.status for m in matching.matches] == ["ambiguous"] * 2
    assert all(m.others == ("begin.weight", "end.weight") for m in matching.matches)
    assert {m.status for m in match(first, second, (True, True)).matches} == {"likely"}


def test_two_zero_biases_are_not_proven() -> None:
    own = {"l1.weight": drawn(4, 3), "l2.weight": drawn(4, 5, seed=1)}
    other = {"z.weight": own["l1.weight"], "a.weight": own["l2.weight"]}
    own |= {"l1.bias": np.zeros(4), "l2.bias": np.zeros(4)}
    other |= {"z.bias": np.zeros(4), "a.bias": np.zeros(4)}
    matching = match(own, other)
    found = {m.own: (m.other, m.status) for m in matching.matches}
    assert found["l1.bias"] == ("z.bias", "likely")
    assert found["l2.bias"] == ("a.bias", "likely")
    without = [{n: a for n, a in side.items() if "bias" in n} for side in (own, other)]
    assert {m.status for m in match(*without).matches} == {"ambiguous"}


def test_blocks_whose_kernels_are_paired_settle_what_is_beside_them() -> None:
    """Vectors of one shape in two blocks and at the root: their names alone say nothing."""
    widths, own, other = {"layer1.0": 3, "layer1.1": 5}, {}, {}
    for seed, ((block, width), mine) in enumerate(zip(widths.items(), ("B_0", "B_1"), strict=True)):
        kernel = drawn(8, width, 3, 3, seed=seed)
        other |= {f"{block}.conv.weight": kernel, f"{block}.bn1.running_mean": drawn(8, seed=seed)}
        other[f"{block}.bn2.running_mean"] = drawn(8, seed=seed + 2)
        own[f"{mine}/Conv_0/kernel"] = drawn(3, 3, width, 8, seed=seed + 9)
        own |= {f"{mine}/Norm_{i}/mean": drawn(8, seed=seed + 4 + 2 * i) for i in range(2)}
    other["bn1.running_mean"] = drawn(8, seed=20)
    own["norm_first/mean"] = drawn(8, seed=21)
    found = {m.own: m for m in match(own, other).matches}
    assert found["B_0/Norm_1/mean"].others == ("layer1.0.bn2.running_mean",)
    assert found["B_1/Norm_0/mean"].others == ("layer1.1.bn1.running_mean",)
    assert found["norm_first/mean"].others == ("bn1.running_mean",)
    assert {m.status for m in found.values()} == {"likely"}
    vectors = [{n: a for n, a in side.items() if a.ndim == 1} for side in (own, other)]
    assert {m.status for m in match(*vectors).matches} == {"ambiguous"}


def test_a_bias_with_other_values_is_pointed_out() -> None:
    own = {"fc.weight": drawn(4, 3), "fc.bias": drawn(4)}
    bias, kernel = match(own, own | {"fc.bias": drawn(4, seed=1)}).matches
    assert (kernel.status, bias.status) == ("proven", "likely")
    assert "values differ" in bias.why


def test_what_has_no_counterpart_is_listed() -> None:
    own = {"a.weight": drawn(4, 3), "more.weight": drawn(7, 3, seed=1)}
    other = {"a.weight": own["a.weight"], "rest.weight": drawn(2, 2, seed=2)}
    matching = match(own, other)
    assert matching.unmatched == (["more.weight"], ["rest.weight"])
    assert not matching.settled


def test_many_constant_tensors_are_compared_once() -> None:
    side = {f"bn{i}.{what}": np.ones(8) for i in range(60) for what in ("weight", "running_var")}
    matching = match(side, side)
    assert all(m.own == m.other for m in matching.matches)
    assert len(matching.matches) == len(side)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("conv10.weight", ("kernel", ("conv10",), ("conv", "10"), "conv")),
        ("params/Conv_0/kernel", ("kernel", ("conv_0",), ("conv", "0"), "conv")),
        ("conv2d_1/kernel:0", ("kernel", ("conv2d_1",), ("conv", "1"), "conv")),
        ("deconv2.weight", ("kernel", ("deconv2",), ("transpose", "2"), "transpose")),
        ("ConvTranspose_1/kernel", ("kernel", ("conv_transpose_1",), ("transpose", "1"), None)),
        ("batch_stats/BatchNorm_0/mean", ("mean", ("batch_norm_0",), ("norm", "0"), "norm")),
        ("features.3.bias", ("bias", ("features", "3"), ("features", "3"), "")),
        ("w1", ("kernel", ("1",), ("1",), "")),
        ("theta", ("kernel", ("theta",), ("theta",), "")),
    ],
)
def test_names_are_read(name, expected) -> None:
    read = (role(name, (3, 3)), layer(name), alike(name), kind(name))
    assert read[:3] == expected[:3]
    assert expected[3] in (None, read[3])
    assert role("bn.weight", (3,)) == "scale"
    assert role("theta", (3,)) == ""


def test_the_order_in_a_file_is_taken_if_it_is_not_the_library_s(tmp_path) -> None:
    path, names = tmp_path / "a.safetensors", ["conv2", "conv10", "a"]
    write_tensors(path, {name: np.zeros(1, np.float32) for name in names})
    assert in_order(path, names) == (["a", "conv2", "conv10"], False)
    header = {
        name: {"dtype": "F32", "shape": [1], "data_offsets": [4 * i, 4 * i + 4]}
        for i, name in enumerate(names)
    }
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(12))
    assert in_order(path, read_tensors(path)[0]) == (names, True)


def test_where_a_file_has_its_channels() -> None:
    assert Side({"a": (3, 3, 4, 8)}).channels_last is True
    assert Side({"a": (64, 64, 3, 3)}).channels_last is False
    assert Side({"a": (3, 3, 4, 4), "b": (5, 5)}).channels_last is None
    assert Side({"a": (3, 3, 4, 8), "b": (8, 4, 3, 3)}).channels_last is None


@pytest.fixture
def files(tmp_path):
    state = torch_state()
    write_tensors(tmp_path / "torch.safetensors", state)
    write_tensors(tmp_path / "flax.safetensors", ported(state, flax=True))
    write_tensors(tmp_path / "other.safetensors", torch_state(seed=1))
    return tmp_path


def test_the_command_writes_names_and_converted_tensors(files, here) -> None:  # noqa: F811
    own, reference = files / "flax.safetensors", files / "torch.safetensors"
    out, written = files / "names.py", files / "converted.safetensors"
    status, output, _ = here("match", own, reference, "--out", out, "--write", written)
    assert status == 0, output
    names = ast.literal_eval(out.read_text().removeprefix("names = "))
    assert names["params/Conv_0/kernel"] == ("conv1.weight", CONV)
    assert names["params/ConvTranspose_0/kernel"] == ("up.weight", *FLAX_UP)
    assert names["params/Dense_0/kernel"] == ("fc1.weight", *FLATTENED)
    assert names["params/BatchNorm_0/bias"] == "bn.bias"
    state, _ = read_tensors(reference)
    converted, _ = read_tensors(written)
    assert converted.keys() == state.keys() - {"bn.num_batches_tracked"}
    for name, values in converted.items():
        np.testing.assert_array_equal(values, state[name])
    status, output, _ = here("match", written, reference, "--json")
    assert {m["how"] for m in json.loads(output)["matches"]} == {"as it is"}


def test_json_says_the_same_in_a_file_and_on_the_screen(files, here) -> None:  # noqa: F811
    own, reference, out = (files / n for n in ("flax.safetensors", "other.safetensors", "n.json"))
    status, output, _ = here("match", own, reference, "--json", "--out", out)
    assert status == 1
    report = json.loads(output)
    assert report == json.loads(out.read_text())
    assert report["names"]["params/Conv_0/kernel"] == ["conv1.weight", CONV]
    assert not report["settled"]
    (up,) = (m for m in report["matches"] if m["other"] == "up.weight")
    assert up["status"] == "ambiguous"
    assert len(up["declarations"]) == 2


def test_the_table_fits_80_columns(files, here, monkeypatch) -> None:  # noqa: F811
    monkeypatch.setenv("COLUMNS", "80")
    own = files / "flax.safetensors"
    for reference, said in (("torch", "9 proven"), ("other", "No values agree: export the same")):
        status, output, _ = here("match", own, files / f"{reference}.safetensors")
        assert status == (reference == "other")
        assert "…" not in output
        assert max(map(len, output.splitlines())) <= 80
        assert said in output


def test_bad_input_is_one_line_that_says_what_to_do(files, here) -> None:  # noqa: F811
    good, other = files / "flax.safetensors", files / "other.safetensors"
    text, empty, linked = files / "text", files / "empty.safetensors", files / "link"
    text.write_text("no tensors")
    write_tensors(empty, {})
    linked.symlink_to(good)
    converted = files / "converted.safetensors"
    for arguments, message in (
        ((good, files / "missing"), "no such file"),
        ((good, files), "is a folder; name a safetensors file"),
        ((good, text), "not a readable safetensors file"),
        ((good, empty), "holds no tensors; export the model's state to it"),
        ((good, good), "are the same file; name two"),
        ((good, linked), "are the same file; name two"),
        ((good, other, "--out", files / "names.txt"), "end its name in .py or .json"),
        ((good, other, "--write", files / "x.npz"), "end its name in .safetensors"),
        ((good, other, "--write", other), "is one of the files to match; name another"),
        (
            (good, other, "--write", converted),
            "tensor 'params/ConvTranspose_0/kernel' is ambiguous",
        ),
    ):
        status, _, error = here("match", *arguments)
        assert status == 2, arguments
        (line,) = error.strip().splitlines()
        assert line.startswith("error: ")
        assert message in line
    assert not converted.exists()
