"""The options of a training run, and the paths of its files."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from common.systems import System


@dataclass(frozen=True, kw_only=True)
class Run:
    """The options of one training run."""

    system: System
    data: str
    steps: int
    out: Path
    seed: int
    dtype: str
    sample_every: int
    save_every: int
    evaluate_every: int = 0  # steps between evaluations; 0: never
    keep: int = 2  # checkpoints besides the best
    ema_decay: float = 0.0  # of the generator's moving average; 0: no average

    @property
    def checkpoint_path(self) -> Path:
        """The newest checkpoint of the run."""
        return self.out / "checkpoint.safetensors"

    @property
    def best_path(self) -> Path:
        """The checkpoint with the best evaluation so far."""
        return self.out / "best.safetensors"

    @property
    def checkpoint_folder(self) -> Path:
        """The last checkpoints, by step."""
        return self.out / "checkpoints"

    @property
    def sample_folder(self) -> Path:
        """The pictures of samples, by step."""
        return self.out / "samples"

    @property
    def metrics_path(self) -> Path:
        """The figures, one JSON object per step."""
        return self.out / "metrics.jsonl"

    def due(self, every: int, step: int) -> bool:
        """Whether something done every `every` steps is due after that step."""
        return every > 0 and (step % every == 0 or step == self.steps)


def by_step(paths: Iterable[Path]) -> list[Path]:
    """Sort files named step-N by N; from step 1,000,000 on, sorting by name would be wrong."""
    return sorted(paths, key=lambda path: int(path.stem.removeprefix("step-")))


def steps_of_epochs(system: System, size: int, epochs: int) -> int:
    """The first step by which the discriminator has seen `epochs` times `size` samples.

    An incomplete last batch is not counted; `size` is at least one batch.
    """
    wanted, visited, step = epochs * (size // system.batch_size), 0, 0
    while visited < wanted:
        step += 1
        visited += system.schedule.discriminator_steps_at(step)
    return step


def average_decay(decay: float, step: int) -> float:
    """The decay of the moving average at that step; smaller at first, to forget the start.

    Source: the warm-up min(decay, (1 + t) / (10 + t)) of TensorFlow's ExponentialMovingAverage.
    """
    return min(decay, (1 + step) / (10 + step))
