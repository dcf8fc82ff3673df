"""The order of recordings, which of them run at the same time, and in which process."""

import threading
import time
from collections import Counter

import pytest

from common.backends import BACKENDS
from common.parity import dispatching
from common.parity.cases import KINDS
from common.parity.controls import control_jobs
from common.parity.costs import OTHERS
from common.parity.dispatching import DONE, RUNNING, Dispatcher
from common.parity.jobs import Job, plan_jobs
from common.parity.recorders import Answer, Kind, Unusable
from common.parity.tasks import Plan, Queue, Task, groups, simulate

BOTH = ["float32", "float64"]
EVERYTHING = Plan(plan_jobs(BACKENDS, "cpu", BOTH, KINDS))


def task(backend: str, system: str = "lsgan_mlp", dtype: str = "float64") -> Task:
    return Task(Job(backend, "cpu", dtype, ("reduced",)), system)


def test_every_system_is_recorded_by_every_job_once() -> None:
    tasks = EVERYTHING.tasks()
    assert sorted(map(str, tasks)) == sorted(map(str, EVERYTHING.in_order()))
    assert len(set(tasks)) == len(tasks)
    assert len({t.file for t in tasks}) == len(tasks)


def test_recordings_that_hold_different_things_have_different_names() -> None:
    """Recordings are reused by name, but not those of fewer kinds or without measured noise."""
    plans = [
        plan_jobs(backends, device, BOTH, kinds)
        for backends in (BACKENDS, ("torch", "jax"), ("tf", "jax"))
        for device in ("cpu", "cuda")
        for kinds in (KINDS, ("reduced",), ("reduced", "cycle"), ("cycle",), ("full",))
    ]
    jobs = {job for plan in plans for job in plan} | {*control_jobs(BACKENDS, "cuda")}
    assert len({job.name for job in jobs}) == len(jobs)


def test_reduced_cases_come_first_and_groups_are_contiguous() -> None:
    tasks = EVERYTHING.tasks()
    order = [t.group for t in tasks]
    assert [group for group, _ in Counter(order).items()] == groups(tasks)
    assert order == sorted(order, key=groups(tasks).index)
    is_full = [group.is_full for group in groups(tasks)]
    assert is_full == sorted(is_full)


def test_small_systems_come_first() -> None:
    order = [g.system for g in groups(EVERYTHING.tasks()) if not g.is_full]
    assert order[0] == "lsgan_mlp"
    assert set(order[:6]) > {"gan_moments", "wgan_gp_toy"}
    assert set(order[-5:]) > {"wgan", "sngan_resnet"}


def test_jittor_recordings_of_one_dtype_never_run_at_the_same_time() -> None:
    queue = Queue([task("jittor"), task("jittor", "wgan"), task("jittor", dtype="float32")])
    first, second = queue.take(), queue.take()
    assert (first.job.dtype, second.job.dtype) == ("float64", "float32")
    assert queue.take() is None
    queue.finish(first)
    assert queue.take().job.backend == "jittor"


def test_recordings_on_a_gpu_are_made_one_after_the_other() -> None:
    """They would share its memory."""
    cards = [Task(Job(name, "cuda", "float32", ("reduced",)), "sngan") for name in ("torch", "jax")]
    queue = Queue([*cards, task("torch")])
    assert queue.take() is cards[0]
    assert queue.take().job.device == "cpu"
    assert queue.take() is None


def test_eight_workers_take_four_tenths_of_the_time_of_two() -> None:
    """By what recordings were measured to cost, each on one core; a simulation."""
    planned = EVERYTHING.tasks()
    costs = {t: t.seconds for t in planned}
    assert simulate(planned, 8, costs) < 0.4 * simulate(planned, 2, costs)


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_a_simulated_run_takes_as_long_as_its_lanes_and_workers_allow(workers) -> None:
    tasks = [task(name, system) for system in ("lsgan_mlp", "wgan") for name in BACKENDS]
    costs = {t: 10.0 if t.job.backend == "jittor" else 5.0 for t in tasks}
    took = simulate(tasks, workers, costs)
    assert took >= max(20.0, sum(costs.values()) / workers)
    assert took == {1: 50.0, 2: 30.0, 4: 20.0}[workers]


class FakeRecorder:
    """A recorder that records nothing, and notes how many run at the same time."""

    made: list["FakeRecorder"]
    beside: list[tuple[str, int]]
    lock = threading.Lock()

    def __init__(self, kind: Kind, *, processes: int, timeout: float) -> None:
        self.kind, self.is_alive, self.closed, self.working = kind, True, False, False
        FakeRecorder.made.append(self)

    def record(self, order, progress) -> Answer:
        with self.lock:
            self.working = True
            working = [(r.kind.backend, r.kind.dtype) for r in FakeRecorder.made if r.working]
            FakeRecorder.beside.append((self.kind.backend, len(working)))
            assert all(working.count(("jittor", dtype)) < 2 for dtype in BOTH)
        progress("at work")
        time.sleep(0.01)
        with self.lock:
            self.working = False
        if self.kind.backend == "jax":
            self.is_alive = False
            raise Unusable("JAX cannot be used")
        while order["system"] == "endless" and self.is_alive:
            time.sleep(0.01)
        if order["system"] == "crashing":
            self.is_alive = False
            return Answer("crashed")
        if order["system"] == "raising":
            raise RuntimeError("unforeseen")
        return Answer("", 1.5)

    def stop(self) -> None:
        self.is_alive = False

    close = stop


@pytest.fixture
def fake_recorders(monkeypatch):
    FakeRecorder.made, FakeRecorder.beside = [], []
    monkeypatch.setattr(dispatching, "Recorder", FakeRecorder)
    monkeypatch.setattr(dispatching, "available", lambda: None)  # memory, whatever this machine has

    def run(tasks, workers=3):
        dispatcher = Dispatcher(
            tasks,
            lambda task: {"system": task.system},
            lambda task: Kind(task.job.backend, "cpu", task.job.dtype),
            workers=workers,
            timeout=1,
        )
        return dispatcher.events()

    return run


def test_every_task_runs_and_ends_once(fake_recorders) -> None:
    tasks = [
        task(b, s, d) for s in ("a", "b", "c") for b in ("torch", "tf", "jittor") for d in BOTH
    ]
    events = list(fake_recorders(tasks))
    assert Counter(e.task for e in events if e.state == DONE) == Counter(tasks)
    assert {e.words for e in events if e.state == RUNNING} == {"", "at work"}
    assert all((e.words, e.cpu_seconds) == ("", 1.5) for e in events if e.state == DONE)
    assert max(count for _, count in FakeRecorder.beside) == 3
    assert len(FakeRecorder.made) <= 3 * len(BOTH) + 3
    assert not any(recorder.is_alive for recorder in FakeRecorder.made)


def test_a_process_serves_all_tasks_of_its_kind(fake_recorders) -> None:
    list(fake_recorders([task("torch", name) for name in "abcdef"], workers=1))
    assert len(FakeRecorder.made) == 1


def test_an_unusable_backend_is_not_tried_again(fake_recorders) -> None:
    events = list(
        fake_recorders([task("jax", name) for name in "abc"] + [task("torch", "a")], workers=1)
    )
    messages = {e.task: e.words for e in events if e.state == DONE}
    assert [messages[task("jax", name)] for name in "abc"] == ["JAX cannot be used"] * 3
    assert messages[task("torch", "a")] == ""
    assert sum(recorder.kind.backend == "jax" for recorder in FakeRecorder.made) == 1


def test_a_crash_fails_its_task_and_the_next_has_a_new_process(fake_recorders) -> None:
    tasks = [task("torch", "a"), task("torch", "crashing"), task("torch", "b")]
    events = list(fake_recorders(tasks, workers=1))
    assert [e.words for e in events if e.state == DONE] == ["", "crashed", ""]
    assert len(FakeRecorder.made) == 2


def test_an_unexpected_error_is_reported(fake_recorders) -> None:
    events = list(fake_recorders([task("torch", "raising"), task("torch", "b")], workers=1))
    assert [e.words for e in events if e.state == DONE] == ["RuntimeError: unforeseen", ""]


def test_closing_the_events_ends_every_process(fake_recorders) -> None:
    events = fake_recorders([task("torch", str(number)) for number in range(50)], workers=2)
    next(events)
    events.close()
    deadline = time.monotonic() + 10
    while any(r.is_alive for r in FakeRecorder.made) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(recorder.is_alive for recorder in FakeRecorder.made)
    assert len(FakeRecorder.beside) < 50


def test_closing_the_events_ends_a_running_recording(fake_recorders) -> None:
    events = fake_recorders([task("torch", "endless")], workers=1)
    assert next(events).state == RUNNING
    assert next(events).words == "at work"
    events.close()
    (recorder,) = FakeRecorder.made
    assert not recorder.is_alive


def test_little_memory_ends_idle_processes_before_another_is_started(
    fake_recorders, monkeypatch
) -> None:
    monkeypatch.setattr(dispatching, "available", lambda: dispatching.SPARE - 1)
    tasks = [task("torch", "a"), task("tf", "a"), task("torch", "b")]
    events = list(fake_recorders(tasks, workers=1))
    assert all(e.words == "" for e in events if e.state == DONE)
    assert [recorder.kind.backend for recorder in FakeRecorder.made] == ["torch", "tf", "torch"]


def test_unmeasured_tasks_have_a_default_cost() -> None:
    """A system that is new, a framework on a card."""
    new = task("torch", "a_system_of_tomorrow")
    card = Task(Job("jax", "cuda", "float16", ("reduced",)), "sngan")
    assert new.seconds == card.seconds == OTHERS
    assert all(t.seconds > 0 for t in EVERYTHING.tasks())
    assert len({t.seconds for t in EVERYTHING.tasks()}) > 20
