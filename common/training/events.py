"""TensorBoard's event file, by tensorboardX."""

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

    Whatever an earlier session wrote from that step on, TensorBoard drops.

    Raises:
        OSError: here and in every method, where the file cannot be written.
    """

    def __init__(self, folder: Path, *, first_step: int) -> None:
        # tensorboardX imports PyTorch if it can, beside whichever framework trains: two seconds,
        # and two OpenMP runtimes in one process.
        with _absent("torch"):
            from tensorboardX.event_file_writer import EventsWriter
            from tensorboardX.proto.event_pb2 import Event, SessionLog
            from tensorboardX.summary import scalar
        self._event, self._scalar = Event, scalar
        # Its SummaryWriter writes from a thread, which a full disk blocks for good.
        self._writer = EventsWriter(str(folder / "events"))
        start = SessionLog(status=SessionLog.START)
        self._writer.write_event(Event(step=first_step, session_log=start))
        self._writer.flush()

    def write(self, entry: Mapping[str, float]) -> None:
        """Add what was measured after one step."""
        for name, value in entry.items():
            if name != "step":
                figure = self._scalar(name, value)
                self._writer.write_event(self._event(step=int(entry["step"]), summary=figure))
        self._writer.flush()

    def close(self) -> None:
        """End the file."""
        self._writer.close()


@contextmanager
def _absent(name: str) -> Iterator[None]:
    """A module as if it were not installed, unless something has imported it already."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]
