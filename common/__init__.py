"""What the four ports share: numbers and statements, never a framework."""

from pathlib import Path

__version__ = "0.1.0"
ROOT = Path(__file__).resolve().parent.parent  # of the checkout


class UsageError(Exception):
    """Bad input: names the thing and the remedy; the command line prints it and exits with 2."""
