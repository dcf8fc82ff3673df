"""Write the figures of a run to metrics.jsonl and to TensorBoard event files."""

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
    """Both files, open for appending; every entry is flushed, so it survives a killed process.

    Without tensorboardX only metrics.jsonl is written, which has the same figures.

    Raises:
        UsageError: the files cannot be written, for instance because the disk is full.
    """

    def __init__(self, run: Run, first_step: int) -> None:
        self._path = run.metrics_path
        self._events: Events | None = None
        with self._write_errors():
            self._metrics = run.metrics_path.open("a", encoding="utf-8")
            if can_be_written():
                folder = make_folder(run.out / "tensorboard")
                self._events = Events(folder, first_step=first_step)

    def write(self, entry: Mapping[str, float]) -> None:
        """Add the figures of one step.

        Raises:
            UsageError: the files cannot be written.
        """
        with self._write_errors():
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
            except OSError:  # already reported when a write failed
                continue

    @contextmanager
    def _write_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UsageError(
                f"{self._path}: cannot be written ({error.strerror}); the last checkpoint is "
                "unchanged: free some space and continue with --resume"
            ) from None


def read_entries(path: Path) -> list[Entry]:
    """The entries of the file, in order; none if it does not exist."""
    if not path.exists():
        return []
    entries = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            entries.append(json.loads(line))
        except json.JSONDecodeError:  # a line cut off when the run was killed
            break
    return entries


def keep_entries(path: Path, *, last_step: int) -> None:
    """Remove the entries after that step, which a resumed run will write again."""
    kept = [entry for entry in read_entries(path) if entry["step"] <= last_step]
    write_bytes(path, "".join(json.dumps(entry) + "\n" for entry in kept).encode())
