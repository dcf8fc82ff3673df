"""What the four ports share: definitions and NumPy code, no framework."""

from pathlib import Path

__version__ = "0.1.0"
ROOT = Path(__file__).resolve().parent.parent  # of the checkout


class UsageError(Exception):
    """Invalid input: the message says what is wrong and how to fix it; the command exits with 2."""
