"""What a run leaves in its folder and shows on the terminal, step by step."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from common import UsageError, __version__
from common.files import write_bytes
from common.systems.options import options_of
from common.training.checkpoint_files import save
from common.training.diagnosis import first_not_finite
from common.training.journal import Entry, Journal, read_entries
from common.training.pictures import draw_samples, draw_summary
from common.training.progress import TrainingProgress
from common.training.scores import Scores
from common.training.segments import new_segment
from common.training.session import Session

ADVICE = "the last checkpoint is unchanged. Try a lower learning_rate"


class NoOutputs:
    """Of a process that computes its shards: another one writes what all of them computed."""

    def write(self, entry: Entry, *, evaluated: bool) -> None:
        """Write and show the figures of one step, with an evaluation if one is due."""

    def draw(self, step: int) -> None:
        """Save a picture of samples after that step."""

    def save(self, step: int, *, evaluated: bool) -> None:
        """Save a checkpoint after that step, as the best one if its evaluation says so."""

    def finish(self) -> None:
        """Draw what shows the whole run."""


class Outputs(NoOutputs):
    """The figures, pictures, evaluations and checkpoints of a run, and its progress bar."""

    def __init__(self, session: Session, journal: Journal, bar: TrainingProgress) -> None:
        self._session, self._run = session, session.run
        self._scores, self._journal, self._bar = Scores(session), journal, bar

    def write(self, entry: Entry, *, evaluated: bool) -> None:
        """Write and show the figures of one step, with an evaluation if one is due."""
        complete = entry | self._scores.evaluate() if evaluated else entry
        self._journal.write(complete)
        self._bar.show(complete)

    def draw(self, step: int) -> None:
        """Save a picture of samples after that step."""
        draw_samples(self._session, step)

    def save(self, step: int, *, evaluated: bool) -> None:
        """Save a checkpoint after that step, as the best one if its evaluation says so.

        Raises:
            UsageError: a tensor holds a NaN or an infinity, or the file cannot be written.
        """
        checkpoint = self._session.checkpoint(step)
        name = first_not_finite(checkpoint.tensors)
        if name:
            raise UsageError(f"{name} holds a NaN or an infinity at step {step}; {ADVICE}")
        best = evaluated and self._scores.is_best
        save(self._run, checkpoint, self._session.backend.name, best=best)

    def finish(self) -> None:
        """Draw what shows the whole run."""
        draw_summary(self._run, read_entries(self._run.metrics_path))


@contextmanager
def outputs_of(session: Session) -> Iterator[NoOutputs]:
    """The outputs of a run, its files open while this lasts; none in a process that does not write.

    Raises:
        UsageError: the files cannot be written.
    """
    if not session.writes:
        yield NoOutputs()
        return
    _write_config(session)
    run, first = session.run, session.first_step
    with Journal(run, first) as journal, TrainingProgress(run, first) as bar:
        yield Outputs(session, journal, bar)


def _write_config(session: Session) -> None:
    run, first = session.run, session.first_step
    segment = new_segment(session.backend, first_step=first, last_step=run.steps)
    config = {
        "rosetta": __version__,
        "data": run.data,
        "steps": run.steps,
        "seed": run.seed,
        "dtype": run.dtype,
        "ema_decay": run.ema_decay,
        "system": {"name": run.system.name, **options_of(run.system)},
        "segments": [*session.segments, segment],
    }
    write_bytes(run.out / "config.json", json.dumps(config, indent=1).encode())
