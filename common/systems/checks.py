"""Checks on the options of a system; an error names the option and its value."""

from typing import Any

from common import UsageError


def require_count(part: Any, *names: str) -> None:
    """Require that each option is at least 1.

    Raises:
        UsageError: names the option and its value.
    """
    for name in names:
        if (value := getattr(part, name)) < 1:
            raise UsageError(f"{name}={value}: must be at least 1")


def require_fraction(part: Any, *names: str) -> None:
    """Require that each option is in [0, 1).

    Raises:
        UsageError: names the option and its value.
    """
    for name in names:
        if not 0 <= (value := getattr(part, name)) < 1:
            raise UsageError(f"{name}={value}: must be in [0, 1)")


def require_positive(part: Any, *names: str) -> None:
    """Require that each option is above zero.

    Raises:
        UsageError: names the option and its value.
    """
    for name in names:
        if not (value := getattr(part, name)) > 0:
            raise UsageError(f"{name}={value}: must be positive")


def require_not_negative(part: Any, *names: str) -> None:
    """Require that each option is zero or above.

    Raises:
        UsageError: names the option and its value.
    """
    for name in names:
        if not (value := getattr(part, name)) >= 0:
            raise UsageError(f"{name}={value}: must not be negative")


def require_choice(part: Any, name: str, choices: tuple[str, ...]) -> None:
    """Require that an option is one of the choices.

    Raises:
        UsageError: names the option, its value and the choices.
    """
    if (value := getattr(part, name)) not in choices:
        raise UsageError(f"{name}={value}: choose one of: {', '.join(choices)}")
