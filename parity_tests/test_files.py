"""Files are checked when they are read, and written whole or not at all."""

import numpy as np
import pytest

from common import UsageError
from common.contract.initialisers import initial_state
from common.files.tensors import read_tensors, write_tensors
from common.systems import find_system
from common.systems.options import apply_settings
from common.training.one_step import read_step_inputs

SYSTEM = apply_settings(
    find_system("lsgan_mlp"),
    ["latent_dim=3", "generator_features=4", "discriminator_features=4", "image_size=2"],
)


def good() -> dict[str, np.ndarray]:
    return {
        **initial_state(SYSTEM, 0),
        "real": np.zeros((2, 1, 2, 2)),
        "noise_d": np.ones((2, 3)),
    }


def without(name):
    return lambda tensors: tensors.pop(name)


def changed(name, change):
    return lambda tensors: tensors.update({name: change(tensors[name])})


FAULTS = {
    "missing": (without("generator.linear1.weight"), "'generator.linear1.weight' is missing"),
    "missing noise": (without("noise_d"), "'noise_d' is missing"),
    "missing real": (without("real"), "'real' is missing"),
    "extra": (lambda t: t.update(surplus=np.ones(2)), "'surplus' is not one of"),
    "misshapen": (changed("generator.linear1.weight", np.transpose), r"has shape \(3, 4\)"),
    "batch": (changed("noise_d", lambda a: a[:1]), r"'noise_d' has shape \(1, 3\)"),
    "nan": (changed("real", lambda a: a * np.nan), "'real' holds a NaN"),
    "infinity": (changed("noise_d", lambda a: a / 0), "'noise_d' holds a NaN or an infinity"),
    "type": (changed("real", lambda a: a.astype(np.int64)), "is int64; store float32 or float64"),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_tensor_is_named(tmp_path, fault) -> None:
    break_it, message = FAULTS[fault]
    tensors = good()
    break_it(tensors)
    write_tensors(tmp_path / "in.safetensors", tensors)
    with pytest.raises(UsageError, match=message):
        read_step_inputs(tmp_path / "in.safetensors", SYSTEM)


def test_good_tensors_pass_and_buffers_may_be_left_out(tmp_path) -> None:
    write_tensors(tmp_path / "in.safetensors", good())
    inputs = read_step_inputs(tmp_path / "in.safetensors", SYSTEM)
    assert np.array_equal(inputs["noise_g"], inputs["noise_d"])


@pytest.mark.parametrize("keep", [0, 4, 200, -1])
def test_a_truncated_file_is_refused(tmp_path, keep) -> None:
    path = tmp_path / "in.safetensors"
    write_tensors(path, good())
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UsageError, match="not a readable safetensors file"):
        read_tensors(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        read_tensors(tmp_path / "none.safetensors")
    with pytest.raises(UsageError, match="not a readable"):
        read_tensors(tmp_path)


def test_a_folder_that_cannot_be_written_is_named_and_left_alone(tmp_path) -> None:
    (tmp_path / "file").write_text("here first")
    with pytest.raises(UsageError, match="cannot be created as a folder"):
        write_tensors(tmp_path / "file" / "out.safetensors", good())
    assert (tmp_path / "file").read_text() == "here first"


def test_a_failed_write_keeps_the_old_file_and_leaves_no_other(tmp_path, monkeypatch) -> None:
    path = tmp_path / "out.safetensors"
    write_tensors(path, good(), note="old")
    before = path.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UsageError, match="No space left"):
        write_tensors(path, good(), note="new")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
