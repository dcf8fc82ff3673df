"""The figures of a run: metrics.jsonl for programs and TensorBoard events for people."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from common import UsageError
from common.files import make_folder, write_bytes
from common.training.events import Events, can_be_written
from common.training.options import Run

Entry = dict[str, float]


class Journal:
    """Both files, open for the run's further steps; an entry that was written survives a kill.

    Without tensorboardX there are no events, and the metrics hold the same figures.

    Raises:
        UsageError: the disk is full, or was taken away.
    """

    def __init__(self, run: Run, first_step: int) -> None:
        self._path = run.metrics_path
        self._events: Events | None = None
        with self._room():
            self._metrics = run.metrics_path.open("a", encoding="utf-8")
            if can_be_written():
                folder = make_folder(run.out / "tensorboard")
                self._events = Events(folder, first_step=first_step)

    def write(self, entry: Mapping[str, float]) -> None:
        """Add what was measured after one step.

        Raises:
            UsageError: the disk is full, or was taken away.
        """
        with self._room():
            self._metrics.write(json.dumps(entry) + "\n")
            self._metrics.flush()
            if self._events is not None:
                self._events.write(entry)

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for file in (self._metrics, self._events):
            try:
                if file is not None:
                    file.close()
            except OSError:  # reported already by the write that failed
                continue

    @contextmanager
    def _room(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UsageError(
                f"{self._path}: cannot be written ({error.strerror}); the last checkpoint is as it "
                "was: make room and go on with --resume"
            ) from None


def read_entries(path: Path) -> list[Entry]:
    """What was measured after every step, in order; none, where there is no such file."""
    if not path.exists():
        return []
    entries = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            entries.append(json.loads(line))
        except json.JSONDecodeError:  # the line that a killed run was writing
            break
    return entries


def keep_entries(path: Path, *, last_step: int) -> None:
    """Drop what was measured after that step, so that it can be measured again."""
    kept = [entry for entry in read_entries(path) if entry["step"] <= last_step]
    write_bytes(path, "".join(json.dumps(entry) + "\n" for entry in kept).encode())
