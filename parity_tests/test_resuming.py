"""A run resumes where it was: bit for bit in the same framework, to 1e-9 in another."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from common import UsageError
from common.backends import BACKENDS
from common.data import load_dataset
from common.data.batches import step_inputs
from common.data.dataset import Dataset
from common.files.tensors import write_tensors
from common.parity.bounds import float32_bound
from common.parity.measure import Disagreement, normwise_error, require_named
from common.streams import Streams
from common.systems.options import apply_settings
from parity_tests.fixtures import reduced
from parity_tests.running import metrics_of, run_of, trained

# One small system for every family of losses.
FAMILIES = {
    "vanilla": ("lsgan_mlp", ["loss=vanilla"], "digits"),
    "least_squares": ("lsgan_mlp", [], "digits"),
    "hinge": ("lsgan_mlp", ["loss=hinge"], "digits"),
    "wasserstein": ("wgan", ["architecture=mlp", "image_size=32"], "digits"),
    "wasserstein_gp": ("wgan_gp_toy", [], "8gaussians"),
}


def run_of_family(folder, loss, **changes):
    system, settings, data = FAMILIES[loss]
    options = {"settings": settings, "data": data, "save_every": 10, "keep": 5, **changes}
    return run_of(folder, system, **options)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory, backends):
    """Twenty steps in one framework, with the checkpoint after ten; each made once."""
    made = {}

    def twenty(loss, name, dtype="float64"):
        if (loss, name, dtype) not in made:
            folder = tmp_path_factory.mktemp(f"{loss}-{name}")
            run = run_of_family(folder, loss, steps=20, dtype=dtype, ema_decay=0.9)
            made[loss, name, dtype] = run, trained(run, name)
        return made[loss, name, dtype]

    return twenty


def resumed_after_ten(uninterrupted_run, folder, name):
    """The last ten of the run's twenty steps, again, in the framework of that name."""
    run = replace(uninterrupted_run, out=folder)
    folder.mkdir(exist_ok=True)
    half = uninterrupted_run.checkpoint_folder / "step-000010.safetensors"
    run.checkpoint_path.write_bytes(half.read_bytes())
    return trained(run, name, resuming=True)


@pytest.mark.parametrize("loss", FAMILIES)
@pytest.mark.parametrize(("first", "second"), permutations(BACKENDS, 2))
def test_a_run_resumes_in_another_framework(
    uninterrupted, need, tmp_path, loss, first, second
) -> None:
    need(first, second)
    run, whole = uninterrupted(loss, first)
    joined = resumed_after_ten(run, tmp_path, second)
    assert set(joined.tensors) == set(whole.tensors)
    for key, array in whole.tensors.items():
        require_named(joined.tensors[key], array, "trajectory", key)


def test_missing_slots_are_detected(uninterrupted, tmp_path, backends, monkeypatch) -> None:
    """The control: a run that resumes without its optimiser's slots differs."""
    import common.training.checkpoint as checkpoint

    run, whole = uninterrupted("vanilla", backends[0])
    read = checkpoint.read_checkpoint

    def without_slots(path):
        saved = read(path)
        slots = {k: 0 * v for k, v in saved.tensors.items() if k.startswith("slot.")}
        return replace(saved, tensors=saved.tensors | slots)

    monkeypatch.setattr("common.training.session.read_checkpoint", without_slots)
    joined = resumed_after_ten(run, tmp_path, backends[0])
    name = "discriminator.linear1.weight"
    with pytest.raises(Disagreement):
        require_named(joined.tensors[name], whole.tensors[name], "trajectory", name)


def test_resuming_in_float32_stays_within_the_float32_bound(
    uninterrupted, backends, tmp_path
) -> None:
    """A change of framework adds no more than the frameworks differ by anyway."""
    _, reference = uninterrupted("least_squares", backends[0])
    singles = {name: uninterrupted("least_squares", name, "float32") for name in backends}
    for first, second in permutations(backends, 2):
        joined = resumed_after_ten(singles[first][0], tmp_path / f"{first}-{second}", second)
        for key, array in reference.tensors.items():
            errors = [normwise_error(s.tensors[key], array) for _, s in singles.values()]
            bound = float32_bound("parameter", 20, "reduced", errors, ())
            assert normwise_error(joined.tensors[key], array) <= bound, (first, second, key)


# Without an average too: Jittor's average computes what a step deferred.
@pytest.mark.parametrize(("system", "ema_decay"), [("lsgan_mlp", 0.0), ("dcgan_mnist", 0.9)])
def test_the_same_framework_resumes_bit_equal(tmp_path, backend_name, system, ema_decay) -> None:
    uninterrupted = run_of(tmp_path / "uninterrupted", system, steps=4, ema_decay=ema_decay)
    whole = trained(uninterrupted, backend_name)
    halves = replace(uninterrupted, out=tmp_path / "halves", steps=2)
    trained(halves, backend_name)
    joined = trained(replace(halves, steps=4), backend_name, resuming=True)
    assert metrics_of(halves) == metrics_of(uninterrupted)
    assert set(joined.tensors) == set(whole.tensors)
    differing = [
        k for k in whole.tensors if not np.array_equal(whole.tensors[k], joined.tensors[k])
    ]
    assert differing == []


def test_a_finished_folder_is_not_overwritten(tmp_path) -> None:
    run = run_of(tmp_path, steps=1)
    trained(run, "torch")
    before = run.checkpoint_path.read_bytes()
    with pytest.raises(UsageError, match="already holds a run; add --resume"):
        trained(run, "torch")
    assert run.checkpoint_path.read_bytes() == before
    run.checkpoint_path.unlink()
    with pytest.raises(UsageError, match="already holds a run"):
        trained(run, "torch")
    assert len(metrics_of(run)) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": 1}, "seed=0, not 1"),
        ({"data": "noise"}, "data=digits, not noise"),
        ({"dtype": "float32"}, "dtype=float64, not float32"),
        ({"ema_decay": 0.5}, r"ema_decay=0.0, not 0.5"),
        ({"options": {"learning_rate": 0.5}}, "learning_rate=0.0003, not 0.5"),
        ({"options": {"generator_features": 5}}, "generator_features=32, not 5"),
        ({"system": "dcgan_mnist"}, "is of lsgan_mlp, not of dcgan_mnist"),
    ],
)
def test_resuming_with_other_options_is_refused(tmp_path, changes, message) -> None:
    trained(run_of(tmp_path, steps=1), "torch")
    with pytest.raises(UsageError, match=message):
        trained(run_of(tmp_path, steps=2, **changes), "torch", resuming=True)


def test_resuming_on_changed_data_is_refused(tmp_path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (20, 28, 28), np.uint8)
    np.save(tmp_path / "images.npy", images)
    run = run_of(tmp_path / "run", steps=1, data=f"npz:{tmp_path / 'images.npy'}")
    trained(run, "torch")
    np.save(tmp_path / "images.npy", images[::-1])
    with pytest.raises(UsageError, match="has changed since it was trained on"):
        trained(replace(run, steps=2), "torch", resuming=True)


def test_resuming_accepts_changed_intervals(tmp_path) -> None:
    trained(run_of(tmp_path, steps=2), "torch")
    later = run_of(tmp_path, steps=3, sample_every=1, save_every=1, evaluate_every=3, keep=4)
    assert trained(later, "torch", resuming=True).step == 3


def test_a_truncated_checkpoint_is_refused(tmp_path) -> None:
    run = run_of(tmp_path, steps=1)
    trained(run, "torch")
    content = run.checkpoint_path.read_bytes()
    run.checkpoint_path.write_bytes(content[: len(content) // 2])
    with pytest.raises(UsageError, match="not a readable safetensors file"):
        trained(replace(run, steps=2), "torch", resuming=True)
    write_tensors(run.checkpoint_path, {"something": np.ones(2)})
    with pytest.raises(UsageError, match="not a checkpoint"):
        trained(replace(run, steps=2), "torch", resuming=True)


def test_a_flipped_byte_is_refused_wherever_it_is(tmp_path) -> None:
    run = run_of(tmp_path, steps=1)
    trained(run, "torch")
    content = bytearray(run.checkpoint_path.read_bytes())
    places = np.random.default_rng(0).integers(8, len(content), 40)
    for place in (*places, 20, len(content) - 1):
        content[place] ^= 1
        run.checkpoint_path.write_bytes(content)
        with pytest.raises(UsageError, match=str(run.checkpoint_path)):
            trained(replace(run, steps=2), "torch", resuming=True)
        content[place] ^= 1
    run.checkpoint_path.write_bytes(content)
    assert trained(replace(run, steps=2), "torch", resuming=True).step == 2


@pytest.mark.parametrize("name", ["dcgan_mnist", "wgan_gp"])
def test_step_inputs_start_at_any_step(name) -> None:
    system = apply_settings(reduced(name).system, ["batch_size=300"])
    data = load_dataset("digits", system, 0)
    whole = list(step_inputs(system, data, 0, first_step=1, last_step=4))
    later = list(step_inputs(system, data, 0, first_step=3, last_step=4))
    for ours, theirs in zip(whole[2:], later, strict=True):
        assert ours.step == theirs.step
        for update, other in zip(ours.discriminator, theirs.discriminator, strict=True):
            assert np.array_equal(update.real, other.real)
            assert np.array_equal(update.noise, other.noise)
    reals = [update.real for step in whole for update in step.discriminator]
    assert not np.array_equal(reals[0], reals[2])


def test_an_epoch_visits_every_sample_once() -> None:
    system = apply_settings(reduced("wgan_gp").system, ["batch_size=599"])
    index = Dataset("index", 1797, lambda i: np.float32([i]), fingerprint="index")
    steps = step_inputs(system, index, 0, first_step=1, last_step=2)
    visited = np.concatenate(
        [update.real[:, 0] for step in steps for update in step.discriminator]
    )[:1797]
    assert sorted(visited) == list(range(1797))


def test_every_epoch_has_its_own_order() -> None:
    system = apply_settings(reduced("wgan_gp").system, ["batch_size=4"])
    index = Dataset("index", 8, lambda i: np.float32([i]), fingerprint="index")
    steps = step_inputs(system, index, 0, first_step=1, last_step=3)  # two batches an epoch
    visited = np.concatenate([update.real[:, 0] for step in steps for update in step.discriminator])
    orders = [Streams(0).order(epoch, 8) for epoch in range(len(visited) // 8)]
    assert len(orders) > 2
    assert not np.array_equal(orders[0], orders[1])
    assert np.array_equal(visited[: 8 * len(orders)], np.concatenate(orders))
