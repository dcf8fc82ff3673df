"""The progress bar of a training run."""

from collections.abc import Mapping
from datetime import timedelta

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
from rich.table import Column
from rich.text import Text

from common.training.options import Run

BAR = 10  # columns, so that the line fits 80


class TrainingProgress(Progress):
    """Shows the steps done, both losses, images per second, elapsed and remaining time."""

    def __init__(self, run: Run, first_step: int) -> None:
        super().__init__(
            BarColumn(BAR),
            MofNCompleteColumn(table_column=Column(no_wrap=True)),
            TextColumn("{task.fields[losses]}", table_column=Column(no_wrap=True)),
            TextColumn("{task.fields[rate]}", table_column=Column(no_wrap=True)),
            Times(Column(no_wrap=True)),
        )
        self._batch_size, done = run.system.batch_size, first_step - 1
        self._task = self.add_task("training", total=run.steps, completed=done, losses="", rate="")

    def show(self, entry: Mapping[str, float]) -> None:
        """Move the bar to the entry's step."""
        speed = self.tasks[0].speed
        rate = f"{speed * self._batch_size:.0f} images/s" if speed else ""
        losses = f"D {entry['loss_d']:.4f} G {entry['loss_g']:.4f}"
        self.update(self._task, completed=int(entry["step"]), losses=losses, rate=rate)


class Times(ProgressColumn):
    """The elapsed and the remaining time, as in "0:01:05, 0:10:00 left"."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        """Both times, the second once it can be estimated."""
        elapsed, left = task.finished_time or task.elapsed or 0, task.time_remaining
        text = str(timedelta(seconds=int(elapsed)))
        if left is not None and not task.finished:
            text += f", {timedelta(seconds=int(left))} left"
        return Text(text)
