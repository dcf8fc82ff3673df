"""Write TensorBoard event files with tensorboardX."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path


def can_be_written() -> bool:
    """Whether tensorboardX is installed."""
    return find_spec("tensorboardX") is not None


class Events:
    """The figures of a run for TensorBoard, from `first_step` on.

    TensorBoard drops what an earlier session wrote from that step on.

    Raises:
        OSError: here and in every method, if the file cannot be written.
    """

    def __init__(self, folder: Path, *, first_step: int) -> None:
        # tensorboardX imports PyTorch if it is installed, which takes two seconds and loads a
        # second OpenMP runtime next to that of the framework that trains.
        with _hidden("torch"):
            from tensorboardX.event_file_writer import EventsWriter
            from tensorboardX.proto.event_pb2 import Event, SessionLog
            from tensorboardX.summary import scalar
        self._event, self._scalar = Event, scalar
        # Its SummaryWriter writes in a thread, which would hang forever on a full disk.
        self._writer = EventsWriter(str(folder / "events"))
        start = SessionLog(status=SessionLog.START)
        self._writer.write_event(Event(step=first_step, session_log=start))
        self._writer.flush()

    def write(self, entry: Mapping[str, float]) -> None:
        """Add the figures of one step."""
        for name, value in entry.items():
            if name != "step":
                figure = self._scalar(name, value)
                self._writer.write_event(self._event(step=int(entry["step"]), summary=figure))
        self._writer.flush()

    def close(self) -> None:
        """Close the file."""
        self._writer.close()


@contextmanager
def _hidden(name: str) -> Iterator[None]:
    """Make a module look as if it were not installed, unless it is already imported."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]
