"""What an option of a system may be, in words that name it."""

from typing import Any

from common import UsageError


def require_whole(part: Any, *names: str) -> None:
    """Go through options that count something: 1 or more.

    Raises:
        UsageError: names the option and its value.
    """
    for name in names:
        if (value := getattr(part, name)) < 1:
            raise UsageError(f"{name}={value}: must be at least 1")


def require_fraction(part: Any, *names: str) -> None:
    """Go through options in [0, 1).

    Raises:
        UsageError: names the option and its value.
    """
    for name in names:
        if not 0 <= (value := getattr(part, name)) < 1:
            raise UsageError(f"{name}={value}: must be in [0, 1)")


def require_positive(part: Any, *names: str) -> None:
    """Go through options above zero.

    Raises:
        UsageError: names the option and its value.
    """
    for name in names:
        if not (value := getattr(part, name)) > 0:
            raise UsageError(f"{name}={value}: must be positive")


def require_not_negative(part: Any, *names: str) -> None:
    """Go through options that are zero or above.

    Raises:
        UsageError: names the option and its value.
    """
    for name in names:
        if not (value := getattr(part, name)) >= 0:
            raise UsageError(f"{name}={value}: must not be negative")


def require_choice(part: Any, name: str, choices: tuple[str, ...]) -> None:
    """Go through an option with a few values.

    Raises:
        UsageError: names the option, its value and the choices.
    """
    if (value := getattr(part, name)) not in choices:
        raise UsageError(f"{name}={value}: choose one of: {', '.join(choices)}")
