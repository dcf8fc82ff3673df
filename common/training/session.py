"""How a run begins: from the system's initial weights, or from a checkpoint of any framework."""

from dataclasses import dataclass
from typing import Any

from common import UsageError
from common.backends import Backend
from common.contract.initialisers import initial_state
from common.data import Dataset
from common.files import make_folder, remove_unfinished
from common.systems.options import options_of
from common.training.checkpoint import (
    Checkpoint,
    capture,
    drawing_network,
    read_checkpoint,
    restore,
)
from common.training.checkpoint_files import save
from common.training.journal import keep_entries, read_entries
from common.training.options import Run


@dataclass(frozen=True)
class Session:
    """A run under way: its data, its networks, and the step to begin with."""

    run: Run
    backend: Backend
    dataset: Dataset
    gan: Any
    average: Any  # the generator's moving average, or None
    first_step: int

    @property
    def network(self) -> Any:
        """The network that samples are drawn from: the moving average where one is kept."""
        return drawing_network(self.gan, self.average)

    def checkpoint(self, step: int) -> Checkpoint:
        """Everything that the steps after this one depend on."""
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
    """A GAN with the system's seeded initial weights, saved as step 0.

    Raises:
        UsageError: the folder already holds a run, or cannot be written.
    """
    if run.checkpoint_path.exists() or read_entries(run.metrics_path):
        raise UsageError(f"{run.out}: already holds a run; add --resume or name another --out")
    make_folder(run.out)
    gan = backend.gan.build(run.system, initial_state(run.system, run.seed))
    average = backend.sampling.start_average(gan) if run.ema_decay else None
    session = Session(run, backend, dataset, gan, average, 1)
    # A run that is killed before its first save can be resumed all the same.
    keep_entries(run.metrics_path, last_step=0)
    save(run, session.checkpoint(0), backend.name)
    return session


def resume(run: Run, backend: Backend, dataset: Dataset) -> Session:
    """The run of the folder's newest checkpoint, and the step after it.

    Raises:
        UsageError: there is no checkpoint, it is damaged, or it was made with other options. The
            steps and what is done every so many steps, the backend and the device may differ.
    """
    checkpoint = read_checkpoint(run.checkpoint_path)
    check_same(run, checkpoint, dataset)
    remove_unfinished(run.out)
    keep_entries(run.metrics_path, last_step=checkpoint.step)
    gan, average = restore(backend, checkpoint)
    return Session(run, backend, dataset, gan, average, checkpoint.step + 1)


def check_same(run: Run, checkpoint: Checkpoint, dataset: Dataset) -> None:
    """Nothing, where the run would have made the checkpoint itself.

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
            "restore the data, or start anew with another --out"
        )


def _options(source: Run | Checkpoint) -> dict[str, Any]:
    return options_of(source.system) | {
        "seed": source.seed,
        "data": source.data,
        "dtype": source.dtype,
        "ema_decay": source.ema_decay,
    }
