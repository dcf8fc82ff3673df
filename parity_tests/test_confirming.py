"""A float32 run beyond its bounds at one seed alone is no failure, and is noted."""

from dataclasses import replace

import numpy as np
import pytest

from common import UsageError
from common.parity import parity
from common.parity.compare import compare
from common.parity.confirming import REPEAT, is_doubtful
from common.parity.dispatching import DONE, Event
from common.parity.jobs import plan_jobs
from common.parity.parity import Watcher, run_parity
from common.parity.results import Comparison
from common.parity.tasks import Plan
from parity_tests.relabelling import CASE, Files

GRADIENT = f"{CASE.name}|gradient|0|generator.linear2.weight"
NAMES = ("torch", "jax", "tf")


@pytest.fixture(scope="module")
def files(need, tmp_path_factory) -> Files:
    need("torch")
    return Files(tmp_path_factory.mktemp("seeds"))


def scaled(tensors) -> None:
    tensors[GRADIENT] = tensors[GRADIENT] * np.float32(1.01)


def not_a_number(tensors) -> None:
    tensors[GRADIENT] = tensors[GRADIENT] * np.float32(np.nan)


def correct(tensors) -> None:
    pass


def of_seed(files, seed, *, double=correct, single=correct, singles=NAMES):
    """Recordings of one seed, TensorFlow's changed."""

    def change(name, by):
        return by if name == "tf" else correct

    place = {"seed": seed}
    recordings = [
        files.double(n, change(n, double), name=f"{n}-{seed}-{double.__name__}", **place)
        for n in NAMES
    ]
    path = files.made("float32", perturbed=True)
    return recordings + [
        files.relabelled(
            f"{n}32-{seed}-{single.__name__}", path, change(n, single), backend=n, **place
        )
        for n in singles
    ]


def failed(comparison: Comparison) -> set[tuple[str, str]]:
    return {(r.backend, r.dtype) for r in comparison.results if not r.ok}


def test_one_seed_alone_fails_and_says_to_repeat(files) -> None:
    comparison = compare(of_seed(files, 0, single=scaled))
    assert failed(comparison) == {("tf", "float32")}
    assert is_doubtful(comparison)
    assert REPEAT in comparison.notes


def test_what_another_seed_does_not_confirm_passes_and_is_noted(files) -> None:
    comparison = compare([*of_seed(files, 0, single=scaled), *of_seed(files, 1)])
    assert comparison.ok
    (note,) = [note for note in comparison.notes if "a unit crossed a kink" in note]
    assert "tf" in note
    assert "beyond their bounds at seed 0, and none at seed 1" in note
    assert REPEAT not in comparison.notes
    assert any(r.reason == "beyond its bound at seed 0 alone" for r in comparison.results)


def test_what_another_seed_confirms_fails(files) -> None:
    comparison = compare([*of_seed(files, 0, single=scaled), *of_seed(files, 1, single=scaled)])
    assert failed(comparison) == {("tf", "float32")}


@pytest.mark.parametrize(
    "changes", [{"double": scaled}, {"single": not_a_number}, {"double": not_a_number}]
)
def test_float64_and_what_is_not_finite_fail_at_any_seed(files, changes) -> None:
    alone = compare(of_seed(files, 0, **changes))
    assert not is_doubtful(alone)
    comparison = compare([*of_seed(files, 0, **changes), *of_seed(files, 1)])
    assert not comparison.ok


def test_a_run_that_the_other_seed_lacks_is_not_excused(files) -> None:
    other = of_seed(files, 1, singles=("torch", "jax"))
    assert failed(compare([*of_seed(files, 0, single=scaled), *other])) == {("tf", "float32")}


def test_a_single_recording_of_another_seed_is_refused(files) -> None:
    with pytest.raises(UsageError, match="or all of them with each"):
        compare([*of_seed(files, 0), of_seed(files, 1)[0]])


class Watching(Watcher):
    """Keeps what it was told."""

    def __init__(self) -> None:
        self.doubted, self.judgements = [], []

    def doubts(self, groups, seed) -> None:
        self.doubted.append((list(map(str, groups)), seed))

    def judged(self, group, comparison) -> None:
        self.judgements.append((str(group), comparison.ok))


@pytest.mark.parametrize("confirms", [False, True])
def test_parity_repeats_with_the_next_seed_what_float32_alone_fails(
    files, tmp_path, monkeypatch, confirms
) -> None:
    def recorded(plan, tasks, folder, watcher):
        yield from (Event(task, DONE) for task in tasks)

    def judge(plan, problems, folder):
        by = scaled if plan.seed == 3 or confirms else correct
        return compare(of_seed(files, plan.seed, single=by))

    monkeypatch.setattr(parity, "_recorded", recorded)
    monkeypatch.setattr(parity, "judge", judge)
    plan = Plan(plan_jobs(["torch", "jax"], "cpu", ["float32", "float64"], ["reduced"]))
    watcher = Watching()
    comparison = run_parity(replace(plan, systems=("lsgan_mlp",), seed=3), tmp_path, watcher)
    assert watcher.doubted == [(["lsgan_mlp"], 4)]
    assert watcher.judgements == [("lsgan_mlp", not confirms)]
    assert comparison.ok != confirms
