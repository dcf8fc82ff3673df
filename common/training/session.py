"""Start a run from initial weights, or resume it from a checkpoint of any framework."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import UsageError
from common.backends import Backend
from common.contract.initialisers import initial_state
from common.data import Dataset
from common.files import make_folder, remove_unfinished
from common.streams.shards import Shards
from common.systems.options import options_of
from common.training.checkpoint import (
    Checkpoint,
    capture,
    read_checkpoint,
    restore,
    sampling_network,
)
from common.training.checkpoint_files import save
from common.training.journal import keep_entries, read_entries
from common.training.options import Run
from common.training.segments import Segment, earlier_segments


@dataclass(frozen=True)
class Session:
    """A run in progress: its data, its networks, and the first step of this session."""

    run: Run
    backend: Backend
    dataset: Dataset
    gan: Any
    average: Any  # the generator's moving average, or None
    first_step: int
    segments: tuple[Segment, ...] = ()  # of earlier sessions

    @property
    def shards(self) -> Shards:
        """The shards of every batch that this process computes."""
        shards: Shards = self.backend.parallel.shards()
        return shards

    @property
    def writes(self) -> bool:
        """Whether this process writes, as the first of those that train together."""
        return self.shards.first == 0

    @property
    def network(self) -> Any:
        """The network to sample from: the moving average, if there is one."""
        return sampling_network(self.gan, self.average)

    def checkpoint(self, step: int) -> Checkpoint:
        """All state that the steps after this one depend on."""
        run, data = self.run, self.dataset
        return Checkpoint(
            system=run.system,
            step=step,
            seed=run.seed,
            data=run.data,
            fingerprint=data.fingerprint,
            dtype=run.dtype,
            ema_decay=run.ema_decay,
            tensors=capture(self.backend, run.system, self.gan, self.average),
        )


def start(run: Run, backend: Backend, dataset: Dataset) -> Session:
    """Start a run with the system's initial weights, and save them as step 0.

    Raises:
        UsageError: the folder already holds a run or other files, or cannot be written.
    """
    gan = backend.gan.build(run.system, initial_state(run.system, run.seed))
    average = backend.sampling.start_average(gan) if run.ema_decay else None
    session = Session(run, backend, dataset, gan, average, 1)
    if session.writes:
        check_folder(run.out, resuming=False)
        make_folder(run.out)
        # So a run that is killed before its first save can also be resumed.
        keep_entries(run.metrics_path, last_step=0)
        save(run, session.checkpoint(0), backend.name)
    return session


def resume(run: Run, backend: Backend, dataset: Dataset) -> Session:
    """Resume the run from the newest checkpoint of its folder.

    Raises:
        UsageError: there is no checkpoint, it is damaged, or it was made with other options. The
            number of steps, all --…-every options, the backend and the device may differ.
    """
    check_folder(run.out, resuming=True)
    checkpoint = read_checkpoint(run.checkpoint_path)
    check_same(run, checkpoint, dataset)
    gan, average = restore(backend, checkpoint)
    first = checkpoint.step + 1
    segments = tuple(earlier_segments(run, first))
    session = Session(run, backend, dataset, gan, average, first, segments)
    if session.writes:
        remove_unfinished(run.out)
        keep_entries(run.metrics_path, last_step=checkpoint.step)
    return session


def check_folder(folder: Path, *, resuming: bool) -> None:
    """Check that a folder holds a run to resume, or that a new run may fill it.

    Raises:
        UsageError: it holds a run, no run, or files that are not a run's.
    """
    checkpoint = folder / "checkpoint.safetensors"
    if resuming:
        if not checkpoint.exists():
            raise UsageError(f"{folder}: holds no run to resume; leave out --resume to start one")
        return
    if checkpoint.exists() or read_entries(folder / "metrics.jsonl"):
        raise UsageError(f"{folder}: already holds a run; add --resume or name another --out")
    if folder.is_dir() and any(folder.iterdir()):
        raise UsageError(f"{folder}: holds other files; name a new or an empty folder")


def check_same(run: Run, checkpoint: Checkpoint, dataset: Dataset) -> None:
    """Check that the checkpoint was made with the same options and data.

    Raises:
        UsageError: names the first option that differs, with both values.
    """
    theirs, ours = _options(checkpoint), _options(run)
    if checkpoint.system.name != run.system.name:
        raise UsageError(
            f"{run.checkpoint_path}: is of {checkpoint.system.name}, not of {run.system.name}"
        )
    for key, value in theirs.items():
        if ours.get(key) != value:
            other = f"{key}={value}, not {ours[key]}" if key in ours else f"{key}={value}"
            raise UsageError(
                f"{run.checkpoint_path}: was trained with {other}; resume with the same options"
            )
    if checkpoint.fingerprint != dataset.fingerprint:
        raise UsageError(
            f"{run.checkpoint_path}: {run.data} has changed since it was trained on; "
            "restore the data, or start a new run with another --out"
        )


def _options(source: Run | Checkpoint) -> dict[str, Any]:
    return options_of(source.system) | {
        "seed": source.seed,
        "data": source.data,
        "dtype": source.dtype,
        "ema_decay": source.ema_decay,
    }
