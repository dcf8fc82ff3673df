"""Handle Ctrl-C and SIGTERM after the current step instead of during it."""

import signal
import threading
from types import FrameType, TracebackType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(Exception):
    """A run was stopped by a signal, after saving a checkpoint."""

    def __init__(self, step: int, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name} after step {step}")
        self.step = step
        self.exit_status = 128 + number


class Interrupts:
    """A context in which the first signal is only stored in `received`; a second acts at once.

    A `patient` one stores every signal: of several processes, each gets one from the terminal and
    another from the launcher, and all of them have to stop after the same step.
    """

    def __init__(self, *, patient: bool = False) -> None:
        self.received: int | None = None
        self._patient = patient

    def __enter__(self) -> "Interrupts":
        self._watching = threading.current_thread() is threading.main_thread()
        if self._watching:
            self._before = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._watching:
            self._restore()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.received = number
        if not self._patient:
            self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
