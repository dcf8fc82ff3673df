"""The judge itself: what it must refuse, whom it must blame, and what it must say.

Recordings of PyTorch stand in for those of other backends and versions: relabelled, and moved by
less than any bound.
"""

import json

import numpy as np
import pytest

from common import UsageError
from common.backends import load
from common.files.tensors import read_tensors, write_tensors
from common.parity.compare import compare
from common.parity.findings import findings
from common.parity.record import save_recording
from common.parity.recording_file import open_recording
from common.parity.report_json import merge_reports, to_json
from parity_tests.relabelling import CASE, Files

WEIGHT = "generator.linear2.weight"
GRADIENT = f"{CASE.name}|gradient|0|{WEIGHT}"
MOVED = 2e-3  # of a parameter's norm
REMEDY = {"float64": "--dtype float64 --out reference", "float32": "--perturbed --out yardstick"}


@pytest.fixture(scope="module")
def files(need, tmp_path_factory) -> Files:
    need("torch")
    return Files(tmp_path_factory.mktemp("recordings"))


def constants(tensors) -> None:
    for key, array in tensors.items():
        tensors[key] = np.full_like(array, 7)


def scaled(key: str, factor: float):
    def change(tensors) -> None:
        tensors[key] = tensors[key] * factor

    return change


def failed(comparison) -> set[str]:
    return {result.backend for result in comparison.results if not result.ok}


def words(comparison) -> str:
    return " ".join([*comparison.notes, *(f.words for f in findings(comparison.results))])


def test_correct_recordings_hold(files) -> None:
    single = [files.single(name) for name in ("torch", "jax")]
    comparison = compare([files.double("torch"), files.double("jax"), files.double("tf"), *single])
    assert comparison.ok, words(comparison)
    assert comparison.made == comparison.expected > 0


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_recording_that_nothing_else_judges_fails_and_says_what_to_add(files, dtype) -> None:
    references = [files.double("torch"), files.double("jax")] if dtype == "float32" else []
    alone = files.single("tf") if references else files.double("tf")
    comparison = compare([*references, alone])
    assert failed(comparison) == {"tf"}
    assert not comparison.ok
    assert REMEDY[dtype] in words(comparison)


def test_constants_are_not_judged_by_themselves(files) -> None:
    references = [files.double("torch"), files.double("jax")]
    assert not compare([*references, files.single("tf", constants)]).ok
    everywhere = [files.single(name, constants) for name in ("torch", "tf")]
    assert failed(compare([*references, *everywhere])) == {"torch", "tf"}


def test_rounding_like_tf32_in_every_float32_recording_is_seen(files) -> None:
    """Ten bits of mantissa, in the runs that the noise is measured with as well."""
    path = files.made("float32", perturbed=True, rounded=True)
    names = ("torch", "jax", "tf")
    rounded = [files.relabelled(f"{n}tf32", path, backend=n, rounded=False) for n in names]
    comparison = compare([files.double("torch"), files.double("jax"), *rounded])
    red = {(r.backend, r.quantity) for r in comparison.results if not r.ok}
    for name in ("torch", "jax", "tf"):
        assert {(name, "output_train"), (name, "output_eval"), (name, "sample")} <= red


def test_rounding_like_tf32_in_one_recording_turns_float32_red(files) -> None:
    path = files.made("float32", perturbed=True, rounded=True)
    correct = [files.single(name) for name in ("torch", "jax")]
    rounded = files.relabelled("tftf32", path, backend="tf")
    comparison = compare([files.double("torch"), files.double("jax"), *correct, rounded])
    assert failed(comparison) == {"tf"}
    quantities = {result.quantity for result in comparison.results if not result.ok}
    assert {"output_train", "output_eval", "gradient", "loss", "parameter"} <= quantities


def test_the_only_noise_at_hand_does_not_judge_its_own_recording(files) -> None:
    references = [files.double("torch"), files.double("jax")]
    comparison = compare([*references, files.single("tf"), files.single("jax", perturbed=False)])
    assert any("judged others and was not judged itself" in note for note in comparison.notes)
    assert {r.backend for r in comparison.results if r.dtype == "float32"} == {"jax"}


def test_a_recording_is_not_judged_by_itself_or_by_its_copy(files, tmp_path) -> None:
    original = files.double("torch")
    copy = tmp_path / "copy.safetensors"
    copy.write_bytes(original.path.read_bytes())
    for twin in (original.path, copy):
        comparison = compare([open_recording(original.path), open_recording(twin)])
        assert not comparison.ok
        assert comparison.made == 0
        assert "holds the same numbers" in words(comparison)


def test_the_same_numbers_of_the_same_version_are_no_second_witness(files) -> None:
    """Whatever their manifests say besides: another host, other threads, measured noise."""
    first = files.relabelled("first", files.made("float64"), still=True)
    again = files.relabelled("again", files.made("float64"), still=True, environment={"threads": 1})
    assert first.checksum != again.checksum
    comparison = compare([first, again])
    assert not comparison.ok
    assert "holds the same numbers" in words(comparison)
    newer = files.relabelled("newer", files.made("float64"), still=True, version="9.9.0")
    assert compare([first, newer]).ok  # another version that computes the same is a finding


def test_what_was_rounded_on_purpose_judges_nobody(files) -> None:
    double, single = files.made("float64"), files.made("float32", perturbed=True, rounded=True)
    control = files.relabelled("control64", double, backend="jax", rounded=True)
    comparison = compare([files.double("torch"), control])
    assert {result.backend for result in comparison.results} == {"jax"}
    control = files.relabelled("control32", single, backend="jax")
    comparison = compare([files.double("torch"), files.double("tf"), control, files.single("tf")])
    assert "--perturbed --out yardstick" in words(comparison)
    assert "on purpose" in words(comparison)


def test_two_versions_are_two_columns_and_show_their_whole_difference(files) -> None:
    """Neither is part of what it is judged by."""
    newer = files.double("torch", scaled(GRADIENT, 1 + 3e-11), name="newer", version="9.9.0")
    comparison = compare([files.double("torch"), newer, files.double("jax"), files.double("tf")])
    (red,) = [result for result in comparison.results if not result.ok]
    assert (red.version, red.tensor) == ("9.9.0", WEIGHT)
    assert red.error == pytest.approx(3e-11, rel=1e-2)
    assert len({r.run for r in comparison.results}) == 4


def test_two_recordings_of_one_version_are_told_apart_by_their_files(files) -> None:
    other = files.double("torch", name="another_host")
    comparison = compare([files.double("torch"), other, files.double("jax")])
    assert {r.run.file for r in comparison.results} == {"torch", "another_host", ""}


def test_a_reference_of_one_backend_alone_is_said(files) -> None:
    comparison = compare([files.double("torch"), files.double("torch", name="two", version="2.0")])
    assert comparison.ok
    assert "was judged by torch alone" in words(comparison)
    comparison = compare([files.double("torch"), files.double("jax"), files.double("tf")])
    assert not comparison.notes


def cancelling(left: float = 0.0, moved: float = 0.0):
    """One element's first gradient is zero but for what is left, and the updates move it."""

    def change(tensors) -> None:
        largest = np.abs(tensors[GRADIENT]).max()
        tensors[GRADIENT][0, 0] = left * largest
        for key, array in tensors.items():
            if "|parameter|" in key and key.endswith(WEIGHT):
                array[0, 0] += moved * np.linalg.norm(array)

    return change


@pytest.mark.parametrize(
    ("left", "holds"), [(2.0**-23, True), (0.0, False), (2.0**-20, False), (np.nan, False)]
)
def test_noise_of_a_gradient_that_cancels_in_float64_is_allowed_for_and_said(
    files, left, holds
) -> None:
    """A rounding error of float32, and nothing larger; what is zero there too must not move."""
    names = ("torch", "jax", "tf")
    double = [files.double(name, cancelling()) for name in names]
    correct = [files.single(name, cancelling()) for name in ("torch", "jax")]
    comparison = compare([*double, *correct, files.single("tf", cancelling(left, MOVED))])
    assert comparison.ok == holds
    assert ("a first gradient that cancels in float64" in words(comparison)) == holds
    if not holds:
        assert failed(comparison) == {"tf"}


def test_what_a_cancelled_gradient_carries_on_does_not_excuse_more(files) -> None:
    def change(tensors) -> None:
        cancelling(2.0**-23, MOVED)(tensors)
        for key in tensors:
            if "|loss|2|" in key:
                tensors[key] = tensors[key] * np.float32(1 + 20 * MOVED)

    double = [files.double(name, cancelling()) for name in ("torch", "jax", "tf")]
    correct = [files.single(name, cancelling()) for name in ("torch", "jax")]
    comparison = compare([*double, *correct, files.single("tf", change)])
    assert {(r.backend, r.quantity, r.step) for r in comparison.results if not r.ok} == {
        ("tf", "loss", 2)
    }


@pytest.mark.parametrize("broken", [("jax",), ("torch",), ("tf",)])
@pytest.mark.parametrize("correct", [2, 3])
def test_who_is_off_is_right_with_three_and_more(files, broken, correct) -> None:
    names = [name for name in ("torch", "tf", "jax", "jittor") if name not in broken][:correct]
    wrong = [files.double(name, scaled(GRADIENT, 1.001)) for name in broken]
    comparison = compare([*wrong, *map(files.double, names)])
    assert failed(comparison) == set(broken)


def test_with_two_it_cannot_be_known_who_is_off_and_is_said(files) -> None:
    comparison = compare([files.double("torch"), files.double("jax", scaled(GRADIENT, 1.001))])
    assert failed(comparison) == {"torch", "jax"}
    assert "which of them is off cannot be known: add a float64 recording of a third" in words(
        comparison
    )


def test_two_versions_of_one_backend_do_not_outvote_another(files) -> None:
    change = scaled(GRADIENT, 1.001)
    two = [files.double("torch", change, name=v, version=v) for v in ("2.0", "2.1")]
    comparison = compare([*two, files.double("jax")])
    assert failed(comparison) == {"torch", "jax"}
    assert "cannot be known" in words(comparison)
    third = compare([*two, files.double("jax"), files.double("tf")])
    assert failed(third) == {"torch"}


def test_shapes_that_differ_are_a_dispute_of_two_and_blamed_with_three(files) -> None:
    def turned(tensors) -> None:
        tensors[GRADIENT] = tensors[GRADIENT].ravel()

    wrong = files.double("jax", turned)
    comparison = compare([files.double("torch"), wrong])
    assert failed(comparison) == {"torch", "jax"}
    assert "has shape" in words(comparison)
    assert "cannot be known: add a float64 recording of a third" in words(comparison)
    assert failed(compare([files.double("torch"), wrong, files.double("tf")])) == {"jax"}


def test_what_cannot_be_finite_is_blamed_even_with_two(files) -> None:
    comparison = compare([files.double("torch"), files.double("jax", scaled(GRADIENT, np.nan))])
    reasons = {result.backend: result.reason for result in comparison.results if not result.ok}
    assert "holds a NaN" in reasons["jax"]
    assert "no other float64 recording holds a finite value" in reasons["torch"]


def test_an_exception_loses_its_own_quantity_only_and_keeps_its_words(
    files, tmp_path, monkeypatch
) -> None:
    backend = load("torch", device="cpu", dtype="float64", exact=True)

    def raising(average, generator, *, decay):
        raise RuntimeError("averages are\nnot to be had")

    monkeypatch.setattr(backend.sampling, "update_average", raising)
    path = tmp_path / "partial.safetensors"
    save_recording(path, backend, [CASE], device="cpu", dtype="float64", seed=0)
    comparison = compare([open_recording(path), files.double("jax"), files.double("tf")])
    red = [result for result in comparison.results if not result.ok]
    assert {(result.backend, result.quantity) for result in red} == {("torch", "average")}
    assert red[0].reason == "RuntimeError: averages are not to be had"
    assert "average" not in {
        f"{r.quantity}" for r in comparison.results if r.ok and r.backend == "torch"
    }


def test_networks_that_cannot_be_built_fail_in_their_own_words(
    files, tmp_path, monkeypatch
) -> None:
    backend = load("torch", device="cpu", dtype="float64", exact=True)

    def raising(system, state):
        raise ValueError("no such layer")

    monkeypatch.setattr(backend.gan, "build", raising)
    path = tmp_path / "none.safetensors"
    save_recording(path, backend, [CASE], device="cpu", dtype="float64", seed=0)
    comparison = compare([open_recording(path), files.double("jax"), files.double("tf")])
    red = [result for result in comparison.results if not result.ok]
    assert {(result.backend, result.reason) for result in red} == {
        ("torch", "ValueError: no such layer")
    }


def test_the_first_finding_is_the_first_in_time(files) -> None:
    """Everything after a wrong update is wrong too; the update is what is named."""

    def change(tensors) -> None:
        for key in tensors:
            _, quantity, step, _ = key.split("|")
            if step != "0" and quantity in ("loss", "parameter", "slot", "average"):
                first = (quantity, step) == ("loss", "1") and key.endswith("discriminator")
                tensors[key] = tensors[key] * (1 if first else 1.01)

    comparison = compare([files.double("torch", change), files.double("jax"), files.double("tf")])
    (finding,) = findings(comparison.results)
    assert finding.phase == "update"
    assert finding.first.step == 1
    assert "agree before any update (step 0), and step 1 does not" in finding.words


def test_reports_of_parts_are_one_report(files, tmp_path) -> None:
    good = compare([files.double("torch"), files.double("jax"), files.double("tf")])
    bad = compare(
        [files.double("torch", scaled(GRADIENT, 2.0)), files.double("jax"), files.double("tf")]
    )
    for name, comparison in (("good", good), ("bad", bad)):
        (tmp_path / f"{name}.json").write_bytes(to_json(comparison))
    merged = merge_reports([tmp_path / "good.json", tmp_path / "bad.json"])
    assert merged.expected == good.expected + bad.expected
    assert not merged.ok
    assert failed(merged) == {"torch"}
    assert merge_reports([tmp_path / "good.json"]).ok


@pytest.mark.parametrize(
    "content",
    [
        {"environment": {}},
        {"environment": {}, "results": [], "summary": {}},
        {"environment": {}, "results": [{"system": "wgan"}], "summary": {"comparisons_made": 1}},
        {"environment": {}, "results": [], "summary": {"comparisons_made": 1}},
        {"environment": {}, "cases": [], "comparisons": 1},
        [],
    ],
)
def test_another_json_is_not_a_report(tmp_path, content) -> None:
    path = tmp_path / "other.json"
    path.write_text(json.dumps(content))
    with pytest.raises(UsageError, match=r"not a report|another version"):
        merge_reports([path])


def test_a_recording_of_another_version_is_refused(files, tmp_path) -> None:
    tensors, metadata = read_tensors(files.made("float64"))
    del metadata["manifest"]["exactness"]
    path = tmp_path / "old.safetensors"
    write_tensors(path, tensors, **metadata)
    with pytest.raises(UsageError, match="not a recording of this version"):
        open_recording(path)
