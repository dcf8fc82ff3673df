"""The progress bar of a training run."""

from collections.abc import Mapping

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from common.training.options import Run


class TrainingProgress(Progress):
    """Shows the steps done, both losses, images per second, elapsed and remaining time."""

    def __init__(self, run: Run, first_step: int) -> None:
        super().__init__(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[losses]}"),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        self._batch_size, done = run.system.batch_size, first_step - 1
        self._task = self.add_task("training", total=run.steps, completed=done, losses="", rate="")

    def show(self, entry: Mapping[str, float]) -> None:
        """Move the bar to the entry's step."""
        speed = self.tasks[0].speed
        rate = f"{speed * self._batch_size:.0f} images/s" if speed else ""
        losses = f"D {entry['loss_d']:.4f} G {entry['loss_g']:.4f}"
        self.update(self._task, completed=int(entry["step"]), losses=losses, rate=rate)
