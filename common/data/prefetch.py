"""Items made ahead of time by a background thread."""

from collections import deque
from collections.abc import Iterator
from threading import Condition, Thread
from time import perf_counter
from types import TracebackType
from typing import Generic, Self, TypeVar
from weakref import finalize

T = TypeVar("T")
AHEAD = 4  # step inputs made while a step computes


class Prefetcher(Iterator[T]):
    """The items of a source, in its order, up to `ahead` of them made before they are requested.

    What the source raises reaches the consumer behind the items that came before. The thread ends
    with the source, when the prefetcher is closed (`with` does it), or when nothing refers to it
    any more.
    """

    def __init__(self, source: Iterator[T], *, ahead: int) -> None:
        """Start the thread.

        Raises:
            ValueError: `ahead` is not at least 1.
        """
        if ahead < 1:
            raise ValueError(f"ahead={ahead}: must be at least 1")
        self.waited = 0.0  # seconds that the consumer has waited for items
        self._began = self._latest = perf_counter()
        self._shelf: _Shelf[T] = _Shelf(ahead)
        # The thread knows the shelf and not the prefetcher, which can be dropped.
        finalize(self, self._shelf.close)
        self._thread = Thread(target=_fill, args=(source, self._shelf), daemon=True)
        self._thread.start()

    def __next__(self) -> T:
        requested = perf_counter()
        try:
            return self._shelf.take()
        finally:
            self._latest = perf_counter()
            self.waited += self._latest - requested

    @property
    def waited_share(self) -> float:
        """The share of the time from the beginning to the latest item that was waited for items."""
        passed = self._latest - self._began
        return self.waited / passed if passed else 0.0

    def close(self) -> None:
        """Drop what was made ahead, and wait for the thread to finish the item it is making."""
        self._shelf.close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class _Shelf(Generic[T]):
    """Room for a few items between the thread that puts them there and the one that takes them."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._items: deque[T] = deque()
        self._failure: BaseException | None = None
        self._ended = False
        self._changed = Condition()

    def has_room(self) -> bool:
        """Whether another item is wanted, once that is known; no longer after the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or len(self._items) < self._room)
            return not self._ended

    def put(self, item: T) -> None:
        with self._changed:
            if not self._ended:
                self._items.append(item)
            self._changed.notify_all()

    def end(self, failure: BaseException | None = None) -> None:
        with self._changed:
            self._ended, self._failure = True, failure
            self._changed.notify_all()

    def take(self) -> T:
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._items)
            if self._items:
                self._changed.notify_all()
                return self._items.popleft()
            failure, self._failure = self._failure, None
        raise failure or StopIteration

    def close(self) -> None:
        with self._changed:
            self._items.clear()
            self.end()


def _fill(source: Iterator[T], shelf: _Shelf[T]) -> None:
    try:
        while shelf.has_room():
            shelf.put(next(source))
    except StopIteration:
        shelf.end()
    except BaseException as error:
        shelf.end(error)
