"""`--set key=value`: a row of the catalogue with some of its options changed."""

from collections.abc import Iterable
from dataclasses import fields, replace

from common.catalogue import System
from common.catalogue.limits import ALTERNATIVES, check, check_read
from common.errors import UsageError

IDENTITY = ("name", "seed", "title", "citation")

Value = int | float | str


def settable(system: System) -> dict[str, Value]:
    """The options that `--set` takes for this row, with their present values."""
    fixed = IDENTITY if system.name in ALTERNATIVES else (*IDENTITY, "architecture")
    values = {f.name: getattr(system, f.name) for f in fields(system) if f.name not in fixed}
    return {name: value for name, value in values.items() if value is not None}


def apply_settings(system: System, assignments: Iterable[str]) -> System:
    """The row with `key=value` assignments applied and every value checked.

    Raises:
        UsageError: an assignment without `=`, a key that the row lacks or that its loss or
            optimiser does not read, a value of the wrong type or out of its range, options that do
            not go together.
    """
    options = settable(system)
    changes: dict[str, Value] = {}
    for assignment in assignments:
        key, separator, text = assignment.partition("=")
        if not separator:
            raise UsageError(f"--set takes key=value, not {assignment!r}")
        if key not in options:
            raise UsageError(f"{system.name} has no option {key!r}; it has: {', '.join(options)}")
        changes[key] = _parse(key, text, options[key])
    changed = validate(replace(system, **changes))  # type: ignore[arg-type]
    check_read(changed, changes)
    return changed


def validate(system: System) -> System:
    """The same row, once every option is known to make sense.

    Raises:
        UsageError: names the option, its value and what it may be.
    """
    check(system, settable(system))
    return system


def _parse(key: str, text: str, present: Value) -> Value:
    if isinstance(present, str):
        return text
    kind, words = (int, "a whole number") if isinstance(present, int) else (float, "a number")
    try:
        value = kind(text)
    except ValueError:
        raise UsageError(f"{key}={text}: must be {words}") from None
    if value != value or value in (float("inf"), float("-inf")):
        raise UsageError(f"{key}={text}: must be finite")
    return value
