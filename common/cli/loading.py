"""Import a backend, which takes seconds, and say so."""

from typing import Any

from rich.console import Console

from common.backends import TITLES, Backend, load


def load_backend(name: str, **options: Any) -> Backend:
    """The backend, as `load` gives it; a terminal shows what is being imported.

    Raises:
        UsageError: the framework is not installed, or lacks the requested device.
    """
    with Console(stderr=True).status(f"importing {TITLES[name]} …"):
        return load(name, **options)
