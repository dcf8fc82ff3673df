"""A parity run as it goes on: lines of the table as they are complete, and what runs below them."""

from collections.abc import Sequence
from time import monotonic

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from common.parity.dispatching import DONE, Event
from common.parity.parity import Watcher
from common.parity.report import show_findings
from common.parity.results import Comparison
from common.parity.table_lines import head, lines
from common.parity.tasks import Group as Judged
from common.parity.tasks import Plan, Task, groups, simulate

BAR = 30  # columns


class Screen(Watcher):
    """Prints lines of the table, and on a terminal shows below them what is running.

    That is what `live` shows, while it is entered as a context.
    """

    def __init__(self, plan: Plan, console: Console) -> None:
        self.plan, self.console = plan, console
        self.found: dict[Judged, Comparison] = {}
        self._tasks: list[Task] = []
        self._running: dict[Task, tuple[float, str]] = {}
        self._left: list[Task] = []
        self._began = monotonic()
        self.live = Live(
            console=console, get_renderable=self._status, refresh_per_second=4, transient=True
        )

    @property
    def missing(self) -> list[Judged]:
        """What was not judged yet."""
        return [group for group in groups(self.plan.tasks()) if group not in self.found]

    def starts(self, tasks: Sequence[Task], kept: Sequence[Task]) -> None:
        """Say how much there is to do."""
        self._tasks = self._left = list(tasks)
        self._began = monotonic()
        if kept:
            self.console.print(
                f"going on: {len(kept)} of {len(kept) + len(tasks)} recordings were made before "
                "this run was stopped"
            )
        beside = f", {self.plan.workers} beside each other" if self.plan.workers > 1 else ""
        self.console.print(f"{len(tasks)} recordings to make{beside}; {self._expected()}")
        self.console.print(head(self.plan, self.console.width))

    def sees(self, event: Event) -> None:
        """Keep what is running, and say at once what failed."""
        if event.state == DONE:
            self._running.pop(event.task, None)
            self._left = [task for task in self._left if task is not event.task]
            if event.words:
                what = escape(f"{event.task.title}: {event.words}")
                self.console.print(f"[red]✗ {what}[/red]", soft_wrap=True)
            return
        since, _ = self._running.get(event.task, (monotonic(), ""))
        self._running[event.task] = since, event.words

    def doubts(self, groups: Sequence[Judged], seed: int) -> None:
        """Say what is repeated, and why."""
        names = ", ".join(map(str, groups))
        self.console.print(
            f"{names}: only float32 runs are beyond their bounds, which one unit that crosses a "
            f"kink may do; recording again with seed {seed}",
            soft_wrap=not self.console.is_terminal,
        )

    def judged(self, group: Judged, found: Comparison) -> None:
        """Print the group's lines."""
        self.found[group] = found
        self.console.print(lines(self.plan, found, self.console.width))

    def say_what_is_known(self) -> None:
        """What a run that was stopped had found, and what it lacks."""
        so_far = Comparison()
        for found in self.found.values():
            so_far.add(found)
        show_findings(so_far, self.console)
        failed = sum(not result.ok for result in so_far.results)
        missing = ", ".join(map(str, self.missing)) or "nothing"
        self.console.print(
            f"stopped: {so_far.made} comparisons made, {failed} failed; not judged yet: {missing}. "
            "The same command goes on from here.",
            soft_wrap=not self.console.is_terminal,
        )

    def _expected(self) -> str:
        """How long what is left takes, by how long what is done took."""
        costs = {task: task.seconds for task in self._left}
        expected = simulate(self._left, self.plan.workers, costs)
        done = [task for task in self._tasks if task not in costs]
        share = sum(task.seconds for task in done) / self.plan.workers
        elapsed = monotonic() - self._began
        if elapsed > 60 and share > 30:
            expected *= elapsed / share
        return f"about {max(1, round(expected / 60))} min {'left' if done else ''}".strip()

    def _status(self) -> RenderableType:
        table = Table.grid(padding=(0, 2))
        for task, (since, words) in list(self._running.items()):
            job = task.job
            kind = job.dtype if job.device == "cpu" else f"{job.device} {job.dtype}"
            name = Text(words or task.system, overflow="ellipsis")
            table.add_row(f"  {job.backend} {kind}", name, f"{monotonic() - since:.0f} s")
        done, count = len(self._tasks) - len(self._left), len(self._tasks)
        elapsed = monotonic() - self._began
        bar = Table.grid(padding=(0, 2))
        words = f"{done} of {count} recordings · {elapsed / 60:.1f} min · {self._expected()}"
        bar.add_row(ProgressBar(total=max(count, 1), completed=done, width=BAR), words)
        return Group(table, bar)
