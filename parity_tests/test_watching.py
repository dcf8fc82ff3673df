"""The progress of a parity run, on terminals of several widths and in a log."""

from io import StringIO

import pytest
from rich.console import Console

from common.backends import BACKENDS
from common.cli import reporting
from common.cli.reporting import RECORDING, workers
from common.cli.watching import Screen
from common.parity import tasks
from common.parity.cases import KINDS
from common.parity.dispatching import DONE, RUNNING, Event
from common.parity.jobs import plan_jobs
from common.parity.results import Comparison, Result
from common.parity.tasks import Group, Plan
from common.parity.timeline import LOSS

PLAN = Plan(plan_jobs(BACKENDS, "cpu", ["float32", "float64"], KINDS), ("lsgan_mlp", "sngan"))


def result(backend="torch", dtype="float64", *, error=1e-15, ok=True, system="lsgan_mlp") -> Result:
    return Result(
        system=system,
        loss="least_squares",
        kind="reduced",
        quantity="loss",
        tensor="generator",
        backend=backend,
        version="1.0",
        device="cpu",
        dtype=dtype,
        file="",
        step=0,
        order=0,
        phase=LOSS,
        error=error,
        bound=1e-12,
        ok=ok,
    )


def judged(*results: Result) -> Comparison:
    return Comparison(results=list(results), made=len(results), expected=len(results))


@pytest.fixture
def shown():
    """A screen of some width, and what was printed on it."""

    def make(width=100, terminal=False, plan=PLAN):
        file = StringIO()
        console = Console(file=file, width=width, force_terminal=terminal, color_system=None)
        return Screen(plan, console), file

    return make


def lines_of(file: StringIO) -> list[str]:
    return file.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 100, 160])
def test_lines_stand_below_their_headings_and_fit(shown, width) -> None:
    screen, file = shown(width)
    with screen.live:
        screen.starts(PLAN.tasks(), [])
        screen.judged(
            Group("lsgan_mlp", False), judged(*(result(name, error=2e-15) for name in BACKENDS))
        )
    text = lines_of(file)
    assert all(len(line) <= width for line in text), file.getvalue()
    heads = next(line for line in text if "system (loss)" in line)
    results = next(line for line in text if line.startswith("lsgan_mlp"))
    assert results.count("2e-15 ok") == len(BACKENDS)
    for name in BACKENDS:
        end = heads.index(f" {name}") + len(name) + 1
        assert results[:end].endswith("ok"), file.getvalue()
    assert " reduced " in results
    assert " float64 " in results


def test_a_log_holds_each_line_once_and_nothing_that_moves(shown) -> None:
    screen, file = shown()
    tasks = PLAN.tasks()
    with screen.live:
        screen.starts(tasks, [])
        for task in tasks:
            screen.sees(Event(task, RUNNING, "lsgan_mlp/least_squares/reduced"))
            screen.sees(Event(task, DONE))
        screen.judged(Group("lsgan_mlp", False), judged(result(), result(dtype="float32")))
    text = file.getvalue()
    assert "\x1b" not in text
    assert text.count("lsgan_mlp") == 2  # its lines for two types
    assert f"{len(tasks)} recordings to make, 2 in parallel; about" in text


def test_a_terminal_shows_what_runs_and_how_long_it_takes(shown) -> None:
    screen, _ = shown(terminal=True)
    tasks = PLAN.tasks()
    screen.starts(tasks, [])
    screen.sees(Event(tasks[0], RUNNING))
    screen.sees(Event(tasks[1], RUNNING, "a case of it"))
    screen.sees(Event(tasks[2], DONE))
    console = Console(file=StringIO(), width=80, color_system=None)
    console.print(screen._status())
    text = console.file.getvalue()
    assert tasks[0].system in text
    assert "a case of it" in text
    assert f"1 of {len(tasks)} recordings" in text
    assert "min left" in text
    screen.sees(Event(tasks[1], DONE))
    console.print(screen._status())
    assert console.file.getvalue().count("a case of it") == 1


def test_a_failure_is_shown_at_once(shown) -> None:
    screen, file = shown(terminal=False)
    task = PLAN.tasks()[0]
    with screen.live:
        screen.starts([task], [])
        screen.sees(Event(task, DONE, "out of memory [8 GB]"))
    assert f"✗ {task.title}: out of memory [8 GB]" in file.getvalue()


def test_a_line_shows_its_largest_error(shown) -> None:
    screen, file = shown()
    comparison = judged(result(error=1e-16), result(error=3e-9, ok=False), result(error=2e-15))
    with screen.live:
        screen.judged(Group("lsgan_mlp", False), comparison)
    assert "3e-09 ✗" in file.getvalue()
    assert "ok" not in file.getvalue()


def test_a_stopped_run_prints_its_results_and_what_is_missing(shown) -> None:
    screen, file = shown(width=200)
    with screen.live:
        screen.judged(Group("lsgan_mlp", False), judged(result(), result(error=1.0, ok=False)))
    screen.show_results_so_far()
    text = file.getvalue()
    assert "2 comparisons made, 1 failed" in text
    assert "first off" in text
    assert "not compared yet: sngan, lsgan_mlp (full width), sngan (full width)" in text


def test_a_resumed_run_says_so(shown) -> None:
    screen, file = shown()
    made, left = PLAN.tasks()[:3], PLAN.tasks()[3:]
    screen.starts(left, made)
    assert f"continuing: 3 of {len(left) + 3} recordings" in file.getvalue()


@pytest.mark.parametrize(
    ("cores", "gigabytes", "count"),
    [(2, 24, 2), (16, 128, 16), (16, 12, 4), (8, 2, 1), (4, None, 4)],
)
def test_as_many_recordings_as_cores_and_memory_allow(monkeypatch, cores, gigabytes, count) -> None:
    free = None if gigabytes is None else gigabytes * 2**30
    monkeypatch.setattr(reporting.os, "cpu_count", lambda: cores)
    monkeypatch.setattr(reporting, "available", lambda: free)
    assert workers() == count
    assert RECORDING > 2**30


def test_the_remaining_time_follows_the_measured_speed(shown, monkeypatch) -> None:
    """A machine that takes twice as long as the one that was measured."""
    plan = Plan(PLAN.jobs)
    screen, _ = shown(plan=plan)
    planned = plan.tasks()
    screen.starts(planned, [])
    half = len(planned) // 2
    for task in planned[:half]:
        screen.sees(Event(task, DONE))
    done = sum(task.seconds for task in planned[:half]) / plan.workers
    rest = {task: task.seconds for task in planned[half:]}
    expected = 2 * tasks.simulate(planned[half:], plan.workers, rest)
    assert expected > 300
    screen._began -= 2 * done
    assert screen._expected() == f"about {max(1, round(expected / 60))} min left"
