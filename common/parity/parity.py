"""Record all backends, each in its own processes, and compare them system by system."""

import sys
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from common.backends.inspection import version_of
from common.files import make_folder
from common.parity.compare import compare_at_one_seed
from common.parity.confirming import confirmed, is_doubtful
from common.parity.dispatching import DONE, Dispatcher, Event
from common.parity.effort import effort_for
from common.parity.jobs import FULL
from common.parity.record import expected_keys
from common.parity.recorders import Kind
from common.parity.recording_file import is_recording, open_recording
from common.parity.results import Comparison, Run, failed_recording
from common.parity.tasks import Group, Plan, Task, groups

Problems = dict[Task, str]  # "" where nothing went wrong


class Watcher:
    """Receives the progress of a run; this one ignores it."""

    def starts(self, tasks: Sequence[Task], kept: Sequence[Task]) -> None:
        """`tasks` will be recorded; `kept` were, before an earlier run was stopped."""

    def sees(self, event: Event) -> None:
        """A task is running, or is done."""

    def doubts(self, groups: Sequence[Group], seed: int) -> None:
        """In these only float32 runs exceed their bounds: they are repeated with another seed."""

    def judged(self, group: Group, comparison: Comparison) -> None:
        """Every recording of a group was made, or failed, and they were compared."""


def run_parity(plan: Plan, folder: Path, watcher: Watcher | None = None) -> Comparison:
    """Record every task of the plan into `folder`, and compare each system once it is complete.

    A recording that crashes, hangs or lacks its framework becomes failed results of its backend;
    the others go on. Recordings that `folder` already holds are not made again.
    """
    watcher, tasks = watcher or Watcher(), plan.tasks()
    comparisons: dict[Group, Comparison] = {}
    problems: Problems = {}
    comparison = Comparison()
    with closing(_recorded(plan, tasks, folder, watcher)) as events:
        for event in events:
            problems[event.task] = event.words
            if event.cpu_seconds:  # not of one that was kept, or crashed
                comparison.cpu_seconds[event.task.title] = event.cpu_seconds
            group = event.task.group
            ours = [task for task in tasks if task.group == group]
            if all(task in problems for task in ours):
                comparisons[group] = judge(plan, {task: problems[task] for task in ours}, folder)
                if not is_doubtful(comparisons[group]):
                    watcher.judged(group, comparisons[group])
    _confirm(plan, comparisons, folder, watcher)
    for group in _as_planned(plan, comparisons):
        comparison.add(comparisons[group])
    return comparison


def _confirm(
    plan: Plan, comparisons: dict[Group, Comparison], folder: Path, watcher: Watcher
) -> None:
    """Record the systems in which float32 runs alone failed once more, with another seed."""
    doubted = [group for group, comparison in comparisons.items() if is_doubtful(comparison)]
    if not doubted:
        return
    again = replace(plan, seed=plan.seed + 1)
    tasks = [task for task in plan.tasks() if task.group in doubted]
    second = make_folder(folder / f"seed-{again.seed}")
    watcher.doubts(doubted, again.seed)
    with closing(_recorded(again, tasks, second, watcher)) as events:
        problems = {event.task: event.words for event in events}
    for group in doubted:
        ours = {task: words for task, words in problems.items() if task.group == group}
        by_seed = {plan.seed: comparisons[group], again.seed: judge(again, ours, second)}
        comparisons[group] = confirmed(by_seed)
        watcher.judged(group, comparisons[group])


def record_tasks(plan: Plan, folder: Path, watcher: Watcher | None = None) -> Problems:
    """Record every task into `folder`; what went wrong with each, "" if nothing."""
    with closing(_recorded(plan, plan.tasks(), folder, watcher or Watcher())) as events:
        return {event.task: event.words for event in events}


def judge(plan: Plan, problems: Problems, folder: Path) -> Comparison:
    """What the recordings of one group say, and those that are missing."""
    made = [open_recording(folder / task.file) for task, problem in problems.items() if not problem]
    comparison = compare_at_one_seed(made)
    for task, problem in problems.items():
        for case in plan.cases(task) if problem else []:
            job = task.job
            comparison.expected += len(expected_keys(case, job.dtype))
            version = job.by.version_of(job.backend) if job.by else version_of(job.backend)
            run = Run(job.backend, version, job.device, job.dtype, job.label)
            comparison.results.append(failed_recording(case, run, problem))
    return comparison


def _recorded(
    plan: Plan, tasks: Sequence[Task], folder: Path, watcher: Watcher
) -> Generator[Event]:
    """Tasks as they are done, those first that were done before."""
    kept = [task for task in tasks if is_recording(folder / task.file)]
    waiting = [task for task in tasks if task not in kept]
    watcher.starts(waiting, kept)
    yield from (Event(task, DONE) for task in kept)
    dispatcher = Dispatcher(
        waiting,
        partial(_order, plan, folder),
        _kind,
        workers=plan.workers,
        timeout=plan.timeout,
    )
    for event in dispatcher.events():
        watcher.sees(event)
        if event.state == DONE:
            yield event


def _kind(task: Task) -> Kind:
    job = task.job
    where = {"backend": job.backend, "device": job.device, "dtype": job.dtype}
    effort = effort_for([task.system], is_full=job.kinds == FULL, **where)
    return Kind(
        **where,
        exact=not job.as_tf32,
        effort=effort,
        python=job.by.python if job.by else sys.executable,
        devices=job.devices,
        processes=job.processes,
    )


def _order(plan: Plan, folder: Path, task: Task) -> dict[str, Any]:
    """The request to the process that records a task."""
    job = task.job
    return {
        "systems": [task.system],
        "kinds": list(job.kinds),
        "settings": list(plan.settings),
        "seed": plan.seed,
        "device": job.device,
        "dtype": job.dtype,
        "perturbed": job.perturbed,
        "rounded": job.as_tf32 and job.device == "cpu",
        "label": job.label,
        "out": str(folder / task.file),
    }


def _as_planned(plan: Plan, comparisons: dict[Group, Comparison]) -> list[Group]:
    """Groups in the order in which the plan names jobs and systems, as a report lists them."""
    return [group for group in groups(plan.in_order()) if group in comparisons]
