"""A training run: its folder, its metrics, its pictures and its checkpoint."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from common.backends import Backend
from common.batches import rounds
from common.catalogue import System
from common.checkpoint import Checkpoint, capture, read_checkpoint, restore, save_checkpoint
from common.datasets import load_dataset
from common.errors import UsageError
from common.initialise import initial_state
from common.pictures import save_loss_plot, save_samples
from common.streams import Array, Streams
from common.tensors import make_folder, write_bytes
from common.version import __version__

GRID_IMAGES = 25
POINTS = 1000  # samples in one picture of points or numbers
KEPT = "the last checkpoint is as it was. Try a lower learning_rate"


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

    @property
    def checkpoint_path(self) -> Path:
        """Where the newest checkpoint of the run lies."""
        return self.out / "checkpoint.safetensors"

    @property
    def metrics_path(self) -> Path:
        """One JSON object a step."""
        return self.out / "metrics.jsonl"


def start(run: Run, backend: Backend) -> tuple[Any, int]:
    """A GAN with the row's seeded initial weights, and the first step.

    Raises:
        UsageError: the folder already holds a run, or cannot be written.
    """
    if run.metrics_path.exists() or run.checkpoint_path.exists():
        raise UsageError(f"{run.out}: already holds a run; add --resume or name another --out")
    make_folder(run.out)
    return backend.gan.build(run.system, initial_state(run.system, run.seed)), 1


def resume(run: Run, backend: Backend) -> tuple[Any, int]:
    """The GAN of the run's checkpoint, and the step after it.

    Raises:
        UsageError: there is no checkpoint, it is damaged, or it was made with other options.
    """
    checkpoint = read_checkpoint(run.checkpoint_path)
    theirs = asdict(checkpoint.system) | {
        "seed": checkpoint.seed,
        "data": checkpoint.data,
        "dtype": checkpoint.dtype,
    }
    ours = asdict(run.system) | {"seed": run.seed, "data": run.data, "dtype": run.dtype}
    for key, value in theirs.items():
        if ours[key] != value:
            raise UsageError(
                f"{run.checkpoint_path}: was trained with {key}={value}, not {ours[key]}; "
                "resume with the same options"
            )
    _keep_metrics(run, checkpoint.step)
    return restore(backend, checkpoint), checkpoint.step + 1


def train(run: Run, backend: Backend, gan: Any, first_step: int) -> None:
    """Train to the last step with a progress bar; write metrics, grids and checkpoints.

    Raises:
        UsageError: a loss is NaN or infinite; the last checkpoint is left as it was.
    """
    dataset = load_dataset(run.data, run.system, run.seed)
    source = rounds(run.system, dataset, run.seed, first_step=first_step, last_step=run.steps)
    noise = grid_noise(run.system, run.seed)
    _describe(run, backend)
    with _progress() as bar, run.metrics_path.open("a", encoding="utf-8") as metrics:
        task = bar.add_task(
            "training", total=run.steps, completed=first_step - 1, losses="", rate=""
        )
        for entry in _entries(run, backend, gan, source):
            metrics.write(json.dumps(entry) + "\n")
            step = int(entry["step"])
            bar.update(task, completed=step, losses=_losses(entry), rate=_rate(bar, task, run))
            if step % run.sample_every == 0 or step == run.steps:
                drawn = backend.train.sample(gan.generator, noise)
                save_samples(run.out / "samples" / f"step-{step:06d}.png", drawn, run.system)
            if step % run.save_every == 0 or step == run.steps:
                metrics.flush()
                _save(run, backend, gan, step)
    save_loss_plot(run.out / "losses.png", _read_metrics(run))


def grid_noise(system: System, seed: int) -> Array:
    """The fixed noise behind every picture of samples of a run."""
    count = GRID_IMAGES if system.point_dim is None else POINTS
    shape = (count, system.latent_dim)
    return Streams(seed).noise("grid", 0, shape, system.noise)


def _entries(run: Run, backend: Backend, gan: Any, source: Any) -> Iterator[dict[str, float]]:
    canonical = backend.interop.to_canonical
    for step, tensors in backend.train.train(gan, source):
        metrics = {name: float(canonical(tensor)) for name, tensor in tensors.items()}
        for name, value in metrics.items():
            if not np.isfinite(value):
                raise UsageError(f"{name} is {value} at step {step}; {KEPT}")
        yield {"step": step, **metrics}


def _save(run: Run, backend: Backend, gan: Any, step: int) -> None:
    tensors = capture(backend, run.system, gan)
    for name, array in tensors.items():
        if not np.isfinite(array).all():
            raise UsageError(f"{name} holds a NaN or an infinity at step {step}; {KEPT}")
    checkpoint = Checkpoint(run.system, step, run.seed, run.data, run.dtype, tensors)
    save_checkpoint(run.checkpoint_path, checkpoint, backend.name)


def _describe(run: Run, backend: Backend) -> None:
    about = {
        "rosetta": __version__,
        "command": sys.argv[1:],
        "backend": backend.name,
        "environment": backend.device.environment(),
        "data": run.data,
        "steps": run.steps,
        "seed": run.seed,
        "dtype": run.dtype,
        "system": asdict(run.system),
    }
    write_bytes(run.out / "config.json", json.dumps(about, indent=1).encode())


def _read_metrics(run: Run) -> list[dict[str, float]]:
    if not run.metrics_path.exists():
        return []
    return [json.loads(line) for line in run.metrics_path.read_text().splitlines()]


def _keep_metrics(run: Run, last_step: int) -> None:
    kept = [entry for entry in _read_metrics(run) if entry["step"] <= last_step]
    write_bytes(run.metrics_path, "".join(json.dumps(e) + "\n" for e in kept).encode())


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[losses]}"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )


def _losses(entry: dict[str, float]) -> str:
    return f"D {entry['loss_d']:.4f} G {entry['loss_g']:.4f}"


def _rate(bar: Progress, task: Any, run: Run) -> str:
    speed = bar.tasks[task].speed
    return f"{speed * run.system.batch_size:.0f} images/s" if speed else ""
