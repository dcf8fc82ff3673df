"""What a run leaves in its folder and shows on the terminal, step by step."""

import json
from contextlib import ExitStack
from types import TracebackType

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

    def __enter__(self) -> "NoOutputs":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return

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

    def __init__(self, session: Session) -> None:
        self._session, self._run = session, session.run
        self._scores, self._stack = Scores(session), ExitStack()
        _write_config(session)

    def __enter__(self) -> "Outputs":
        run, first = self._run, self._session.first_step
        with ExitStack() as stack:
            self._journal = stack.enter_context(Journal(run, first))
            self._bar = stack.enter_context(TrainingProgress(run, first))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

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
