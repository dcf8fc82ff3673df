"""A comparison of ports in the terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from common.check.outcome import Outcome


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Show on standard error what is going on; nothing where that is not a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda words: None
        return
    with console.status("starting") as status:
        yield lambda words: status.update(words)


def print_outcome(outcome: Outcome) -> None:
    """The headline, then each finding with its remedy, then notes."""
    console = Console(file=sys.stdout)
    console.print(outcome.headline, markup=False)
