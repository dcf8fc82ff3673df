"""A plan cut into tasks, system by system, and which of them may be recorded beside others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from common.parity.cases import Case, cases
from common.parity.costs import seconds
from common.parity.jobs import FULL, Job
from common.systems import SYSTEMS


class Group(NamedTuple):
    """What is judged together: one system, at full width or at all others."""

    system: str
    is_full: bool

    def __str__(self) -> str:
        return f"{self.system} (full width)" if self.is_full else self.system


class Task(NamedTuple):
    """One recording to make: a job's part that belongs to one system."""

    job: Job
    system: str

    @property
    def group(self) -> Group:
        """What it is judged with."""
        return Group(self.system, self.job.kinds == FULL)

    @property
    def title(self) -> str:
        """Job and system in words."""
        return f"{self.job.title}, {self.system}"

    @property
    def file(self) -> str:
        """The name of its recording."""
        return f"{self.job.name}-{self.system}.safetensors"

    @property
    def seconds(self) -> float:
        """About how long it takes, compiling included, on one core."""
        return seconds(self.job, self.system)

    @property
    def lane(self) -> str:
        """What no other task of the same lane may run beside: they would wait for one lock.

        Jittor compiles the kernels of each type below a lock; a card has one memory; several
        devices of the CPU need every core.
        """
        job = self.job
        if job.device != "cpu":
            return job.device
        if job.backend == "jittor":
            return f"jittor {job.dtype}"
        return "several devices" if job.devices > 1 else ""


@dataclass(frozen=True)
class Plan:
    """What a parity run records, and how."""

    jobs: tuple[Job, ...]
    systems: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    seed: int = 0
    timeout: float = 1800.0
    workers: int = 2

    def cases(self, task: Task) -> list[Case]:
        """The cases of one task."""
        return cases([task.system], task.job.kinds, self.settings)

    def tasks(self) -> list[Task]:
        """Every task that has cases: reduced cases before full width, small systems first.

        Within a system the longest come first, so that a short one is the last to be waited for.
        """
        planned = self.in_order()
        costs = {
            group: sum(t.seconds for t in planned if t.group == group) for group in groups(planned)
        }

        def place(task: Task) -> tuple[bool, float, Group, bool, float]:
            group, is_free = task.group, not task.lane
            return group.is_full, costs[group], group, is_free, -task.seconds

        return sorted(planned, key=place)

    def in_order(self) -> list[Task]:
        """The same tasks in the order of jobs and systems."""
        named = self.systems or tuple(SYSTEMS)
        planned = (Task(job, name) for job in self.jobs for name in job.systems or named)
        return [task for task in dict.fromkeys(planned) if self.cases(task)]


def groups(tasks: Iterable[Task]) -> list[Group]:
    """The groups of some tasks, in their order."""
    return list(dict.fromkeys(task.group for task in tasks))


class Queue:
    """Tasks in the order in which they are to be done; some have to wait for others."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.waiting, self.running = list(tasks), list[Task]()

    def take(self) -> Task | None:
        """The first task that may run beside those that are running; None if none may yet."""
        lanes = {task.lane for task in self.running} - {""}
        for task in self.waiting:
            if task.lane not in lanes:
                self.waiting.remove(task)
                self.running.append(task)
                return task
        return None

    def finish(self, task: Task) -> None:
        """Take note that a task is done."""
        self.running.remove(task)


def simulate(tasks: Sequence[Task], workers: int, costs: dict[Task, float]) -> float:
    """The seconds that so many workers take for tasks of these costs."""
    queue, now = Queue(tasks), 0.0
    ends: list[tuple[float, Task]] = []
    while queue.waiting or ends:
        while len(ends) < workers and (task := queue.take()):
            ends.append((now + costs[task], task))
        now, task = min(ends, key=lambda end: end[0])
        ends.remove((now, task))
        queue.finish(task)
    return now
