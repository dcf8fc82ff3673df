"""The options of a training run, and where its files lie."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from common.systems import System


@dataclass(frozen=True, kw_only=True)
class Run:
    """What to train, on what, for how long and where to put it."""

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
    ema_decay: float = 0.0  # of the generator's moving average; 0: none is kept

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
        """One JSON object a step."""
        return self.out / "metrics.jsonl"

    def due(self, every: int, step: int) -> bool:
        """Whether something done every so many steps is due after that step."""
        return every > 0 and (step % every == 0 or step == self.steps)


def by_step(paths: Iterable[Path]) -> list[Path]:
    """Files named step-N in the order of N, which is not that of their names from a million on."""
    return sorted(paths, key=lambda path: int(path.stem.removeprefix("step-")))


def steps_of_epochs(system: System, size: int, epochs: int) -> int:
    """The first step by which the discriminator has seen `epochs` times `size` samples.

    Those that fill no batch do not count; `size` is at least a batch.
    """
    wanted, visited, step = epochs * (size // system.batch_size), 0, 0
    while visited < wanted:
        step += 1
        visited += system.schedule.discriminator_steps_at(step)
    return step


def average_decay(decay: float, step: int) -> float:
    """How much of the moving average the step keeps: little at first, so that it forgets the start.

    Source: the warm-up min(decay, (1 + t) / (10 + t)) of TensorFlow's ExponentialMovingAverage.
    """
    return min(decay, (1 + step) / (10 + step))
