"""The progress of a parity run: lines of the table as they complete, and what is running."""

from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from common.parity.dispatching import DONE, Event
from common.parity.kept_recordings import recordings_of
from common.parity.parity import Watcher, run_parity
from common.parity.report import show_findings
from common.parity.results import Comparison
from common.parity.table_lines import head, lines
from common.parity.tasks import Group as Judged
from common.parity.tasks import Plan, Task, groups, simulate

BAR = 30  # columns


class Screen(Watcher):
    """Prints lines of the table; on a terminal, `live` shows below them what is running.

    `live` is a context manager.
    """

    def __init__(self, plan: Plan, console: Console) -> None:
        self.plan, self.console = plan, console
        self.compared: dict[Judged, Comparison] = {}
        self._tasks: list[Task] = []
        self._running: dict[Task, tuple[float, str]] = {}
        self._left: list[Task] = []
        self._began = monotonic()
        self.live = Live(
            console=console, get_renderable=self._status, refresh_per_second=4, transient=True
        )

    @property
    def missing(self) -> list[Judged]:
        """The groups that were not compared yet."""
        return [group for group in groups(self.plan.tasks()) if group not in self.compared]

    def starts(self, tasks: Sequence[Task], kept: Sequence[Task]) -> None:
        """Say how much there is to do."""
        self._tasks = self._left = list(tasks)
        self._began = monotonic()
        if kept:
            self.console.print(
                f"continuing: {len(kept)} of {len(kept) + len(tasks)} recordings were made before "
                "this run was stopped"
            )
        parallel = f", {self.plan.workers} in parallel" if self.plan.workers > 1 else ""
        self.console.print(f"{len(tasks)} recordings to make{parallel}; {self._expected()}")
        self.console.print(head(self.plan, self.console.width))

    def sees(self, event: Event) -> None:
        """Update what is running, and print a failure at once."""
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
        """Print what is repeated, and why."""
        names = ", ".join(map(str, groups))
        self.console.print(
            f"{names}: only float32 runs exceed their bounds, which a single unit that crosses "
            f"a kink can cause; recording again with seed {seed}",
            soft_wrap=not self.console.is_terminal,
        )

    def judged(self, group: Judged, comparison: Comparison) -> None:
        """Print the group's lines."""
        self.compared[group] = comparison
        self.console.print(lines(self.plan, comparison, self.console.width))

    def show_results_so_far(self) -> None:
        """Print the results of a run that was stopped, and what is missing."""
        so_far = Comparison()
        for comparison in self.compared.values():
            so_far.add(comparison)
        show_findings(so_far, self.console)
        failed = sum(not result.ok for result in so_far.results)
        missing = ", ".join(map(str, self.missing)) or "nothing"
        self.console.print(
            f"stopped: {so_far.made} comparisons made, {failed} failed; not compared yet: "
            f"{missing}. The same command continues from here.",
            soft_wrap=not self.console.is_terminal,
        )

    def _expected(self) -> str:
        """The time left, estimated from measured costs and from the time taken so far."""
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


def watch_parity(plan: Plan, out: Path, console: Console) -> Comparison | None:
    """Run the plan with its progress on the console; None after Ctrl-C.

    The recordings are then kept below `out`, and what they showed is printed.
    """
    screen = Screen(plan, console)
    try:
        with recordings_of(plan, out) as folder, screen.live:
            return run_parity(plan, folder, screen)
    except KeyboardInterrupt:
        screen.show_results_so_far()
        return None
