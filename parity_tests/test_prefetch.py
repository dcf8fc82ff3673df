"""Items made ahead of time: none lost, none early, no thread left, and the wait measured."""

import gc
import threading
from collections.abc import Iterator
from threading import Event, Thread

import pytest

from common.data import prefetch
from common.data.prefetch import Prefetcher

SOON = 10  # seconds after which a test that waits for another thread gives up


class Clock:
    """A clock that only the tests move; once armed, it tells when it is read."""

    def __init__(self) -> None:
        self.now, self.armed, self.was_read = 0.0, False, Event()

    def __call__(self) -> float:
        now = self.now
        if self.armed:
            self.was_read.set()
        return now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(prefetch, "perf_counter", clock)
    return clock


def thread_of(prefetcher: Prefetcher) -> Thread:
    (thread,) = prefetcher._thread._threads
    return thread


def ended(thread: Thread) -> bool:
    thread.join(SOON)
    return not thread.is_alive()


class Counting:
    """The numbers from 0; it counts those it was asked for and tells when they are enough."""

    def __init__(self, enough: int) -> None:
        self.made, self.enough = 0, enough
        self.reached, self.closed = Event(), Event()

    def __iter__(self) -> Iterator[int]:
        try:
            while True:
                self.made += 1
                if self.made == self.enough:
                    self.reached.set()
                yield self.made - 1
        finally:
            self.closed.set()


@pytest.mark.parametrize("ahead", [1, 2, 7, 1000])
def test_nothing_is_lost_or_reordered(ahead) -> None:
    with Prefetcher(iter(range(500)), ahead=ahead) as source:
        assert list(source) == list(range(500))
        assert next(source, "no more") == "no more"
        assert ended(thread_of(source))


def test_an_empty_source_has_no_items() -> None:
    assert list(Prefetcher(iter(()), ahead=3)) == []


def test_an_item_is_made_while_the_consumer_has_another() -> None:
    """The second item is made without being asked for; without prefetching it is not."""
    counting = Counting(enough=2)
    with Prefetcher(iter(counting), ahead=1) as source:
        assert next(source) == 0
        assert counting.reached.wait(SOON)
    plain = Counting(enough=2)
    numbers = iter(plain)
    assert next(numbers) == 0
    assert not plain.reached.is_set()


@pytest.mark.parametrize("ahead", [1, 4])
def test_no_more_are_made_than_there_is_room_for(ahead) -> None:
    counting = Counting(enough=ahead)
    with Prefetcher(iter(counting), ahead=ahead) as source:
        assert counting.reached.wait(SOON)
        thread_of(source).join(0.05)  # time enough to make more
        assert counting.made == ahead
        assert [next(source) for _ in range(3)] == [0, 1, 2]
    assert counting.made <= ahead + 3


def test_an_exception_comes_after_the_items_before_it() -> None:
    def broken() -> Iterator[int]:
        yield 1
        yield 2
        raise KeyError("three")

    source = Prefetcher(broken(), ahead=8)
    thread = thread_of(source)
    assert [next(source), next(source)] == [1, 2]
    with pytest.raises(KeyError, match="three") as caught:
        next(source)
    assert caught.traceback[-1].name == "broken"
    assert ended(thread)
    assert list(source) == []


def test_closing_early_ends_the_thread_and_the_source() -> None:
    counting = Counting(enough=2)
    with Prefetcher(iter(counting), ahead=2) as source:
        assert next(source) == 0
    assert not thread_of(source).is_alive()
    assert counting.closed.wait(SOON)
    assert list(source) == []
    source.close()


def test_a_consumer_that_fails_ends_the_thread() -> None:
    source = Prefetcher(iter(Counting(1)), ahead=2)
    with pytest.raises(ZeroDivisionError), source:
        raise ZeroDivisionError
    assert not thread_of(source).is_alive()


def test_a_prefetcher_that_is_forgotten_ends_its_thread() -> None:
    source = Prefetcher(iter(Counting(1)), ahead=2)
    thread = thread_of(source)
    assert next(source) == 0
    assert thread.is_alive()
    del source
    gc.collect()
    assert ended(thread)


def test_a_consumer_gets_no_more_than_the_current_item_when_another_thread_closes() -> None:
    started, release = Event(), Event()

    def stuck() -> Iterator[int]:
        started.set()
        release.wait(SOON)
        yield 1

    source = Prefetcher(stuck(), ahead=3)
    received: list[list[int]] = []
    consumer = Thread(target=lambda: received.append(list(source)))
    consumer.start()
    assert started.wait(SOON)
    closer = Thread(target=source.close)
    closer.start()
    release.set()
    assert ended(consumer)
    assert received == [[1]]
    assert ended(closer)


def test_only_the_time_that_the_consumer_stood_still_counts(clock) -> None:
    """Each item takes five seconds; the second one's pass while the consumer has the first."""
    working, made = Event(), Event()

    def slow() -> Iterator[int]:
        assert clock.was_read.wait(SOON)
        clock.now += 5
        yield 1
        assert working.wait(SOON)
        clock.now += 5
        yield 2
        made.set()

    with Prefetcher(slow(), ahead=2) as source:
        clock.armed = True
        assert next(source) == 1
        assert (source.waited, source.waited_share) == (5, 1)
        working.set()
        assert made.wait(SOON)
        assert next(source) == 2
        assert (source.waited, source.waited_share) == (5, 0.5)
        assert list(source) == []
        assert source.waited == 5
    before = clock.now
    assert list(slow()) == [1, 2]
    assert clock.now - before == 10  # all of it waited for, without prefetching


def test_room_for_nothing_is_refused() -> None:
    threads = threading.active_count()
    with pytest.raises(ValueError, match="ahead=0: must be at least 1"):
        Prefetcher(iter(()), ahead=0)
    assert threading.active_count() == threads
