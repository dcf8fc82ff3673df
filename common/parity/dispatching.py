"""Hands out tasks to processes that record, in as many threads as there are workers."""

from collections.abc import Callable, Generator, Mapping, Sequence
from queue import SimpleQueue
from threading import Condition, Thread
from typing import Any, NamedTuple

from common.parity.case_run import words
from common.parity.recorders import Answer, Kind, Recorder, Unusable
from common.parity.tasks import Queue, Task
from common.processes.memory import available

RUNNING, DONE = "running", "done"
SPARE = 4 * 2**30  # bytes that must be free before another process is started beside idle ones


class Event(NamedTuple):
    """The state of a task: running (and which case), or done (and what went wrong)."""

    task: Task
    state: str
    words: str = ""
    cpu_seconds: float = 0.0


class Dispatcher:
    """Workers that take tasks from a queue, each with a process of the kind that the task needs."""

    def __init__(
        self,
        tasks: Sequence[Task],
        orders: Callable[[Task], Mapping[str, Any]],
        kind_of: Callable[[Task], Kind],
        *,
        workers: int,
        timeout: float,
    ) -> None:
        self._queue, self._orders, self._kind_of = Queue(tasks), orders, kind_of
        self._count, self._workers, self._timeout = len(tasks), workers, timeout
        self._changed, self._events = Condition(), SimpleQueue[Event]()
        self._idle: list[Recorder] = []
        self._busy: list[Recorder] = []
        self._unusable: dict[Kind, str] = {}
        self._stopped = False

    def events(self) -> Generator[Event]:
        """Do every task; when this iterator is closed, all processes end."""
        for _ in range(min(self._workers, self._count)):
            Thread(target=self._work, daemon=True).start()
        left = self._count
        try:
            while left:
                event = self._events.get()
                left -= event.state == DONE
                yield event
        finally:
            self._stop()

    def _work(self) -> None:
        while (task := self._next()) is not None:
            self._events.put(Event(task, RUNNING))
            try:
                answer = self._record(task)
            except Exception as error:  # a worker that ends in silence would be waited for
                answer = Answer(words(error))
            with self._changed:
                self._queue.finish(task)
                self._close_unneeded()
                self._changed.notify_all()
            self._events.put(Event(task, DONE, *answer))

    def _next(self) -> Task | None:
        with self._changed:
            while self._queue.waiting and not self._stopped:
                if (task := self._queue.take()) is not None:
                    return task
                self._changed.wait()
        return None

    def _record(self, task: Task) -> Answer:
        kind = self._kind_of(task)
        if kind in self._unusable:
            return Answer(self._unusable[kind])
        recorder = self._borrow(kind)

        def progress(case: str) -> None:
            self._events.put(Event(task, RUNNING, case))

        try:
            return recorder.record(dict(self._orders(task)), progress)
        except Unusable as reason:
            self._unusable[kind] = str(reason)
            return Answer(str(reason))
        finally:
            self._give_back(recorder)

    def _borrow(self, kind: Kind) -> Recorder:
        """An idle process of that kind, or a new one, for which idle ones may have to make room."""
        with self._changed:
            recorder = next((r for r in self._idle if r.kind == kind), None)
            if recorder is not None:
                self._idle.remove(recorder)
            else:
                while self._idle and (available() or SPARE) < SPARE:
                    self._idle.pop(0).close()
                recorder = Recorder(kind, processes=self._workers, timeout=self._timeout)
            self._busy.append(recorder)
        return recorder

    def _give_back(self, recorder: Recorder) -> None:
        with self._changed:
            self._busy.remove(recorder)
            if recorder.is_alive and not self._stopped:
                self._idle.append(recorder)
            else:
                recorder.close()

    def _close_unneeded(self) -> None:
        needed = {self._kind_of(task) for task in self._queue.waiting}
        for recorder in [r for r in self._idle if r.kind not in needed]:
            self._idle.remove(recorder)
            recorder.close()

    def _stop(self) -> None:
        with self._changed:
            self._stopped = True
            for recorder in (*self._idle, *self._busy):
                recorder.stop()
            self._changed.notify_all()
