"""What the four ports share: definitions and NumPy code, no framework."""

from collections.abc import Iterable
from pathlib import Path

__version__ = "0.1.0"
ROOT = Path(__file__).resolve().parent.parent  # of the checkout


class UsageError(Exception):
    """Invalid input: the message says what is wrong and how to fix it; the command exits with 2."""


def unknown(what: str, name: str, known: Iterable[str]) -> UsageError:
    """The error for a name that is not known, which suggests the nearest ones."""
    from difflib import get_close_matches

    names = list(known)
    near = get_close_matches(name, names, n=2, cutoff=0.65)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    return UsageError(f"unknown {what} {name!r}; {hint}choose one of: {', '.join(names)}")
