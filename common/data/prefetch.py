"""Items made ahead of time by a background thread."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from time import perf_counter
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")
AHEAD = 4  # step inputs made while a step computes
END: Any = object()


class Prefetcher(Iterator[T]):
    """The items of a source, in its order, up to `ahead` of them made before they are requested.

    What the source raises reaches the consumer behind the items that came before. The thread ends
    when the prefetcher is closed (`with` does it), or when nothing refers to it any more.
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
        self._source: Iterator[T] = source
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="prefetcher")
        self._items: deque[Future[T]] = deque()
        for _ in range(ahead):
            self._request()

    def __next__(self) -> T:
        if not self._items:
            raise StopIteration
        requested = perf_counter()
        try:
            item = self._items.popleft().result()
        except CancelledError:
            raise StopIteration from None  # closed by another thread
        except BaseException:
            self.close()
            raise
        finally:
            self._latest = perf_counter()
            self.waited += self._latest - requested
        if item is END:
            self.close()
            raise StopIteration
        self._request()
        return item

    @property
    def waited_share(self) -> float:
        """The share of the time from the beginning to the latest item that was waited for items."""
        passed = self._latest - self._began
        return self.waited / passed if passed else 0.0

    def close(self) -> None:
        """Drop what was made ahead, and wait for the thread to finish the item it is making."""
        self._items.clear()
        self._source = iter(())
        self._thread.shutdown(cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _request(self) -> None:
        # Another thread may have closed the executor, which then refuses.
        with suppress(RuntimeError):
            self._items.append(self._thread.submit(next, self._source, END))
