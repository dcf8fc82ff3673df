"""`--set key=value`: a row of the catalogue with some of its options changed."""

from collections.abc import Iterable
from dataclasses import fields, replace

from common.catalogue import System
from common.errors import UsageError

IDENTITY = ("name", "seed", "title", "citation", "architecture")
CHOICES = {
    "initialiser": ("uniform_fan_in",),
    "noise": ("normal", "uniform_symmetric"),
    "noise_reuse": ("fresh", "same"),
    "loss": ("vanilla", "least_squares"),
    "optimiser": ("adam", "rmsprop", "sgd"),
}
IMAGE_SIZES = {
    "lsgan_mlp": (1, 1, "any size from 1"),
    "dcgan_mnist": (4, 16, "a multiple of 4 from 16"),
    "lsgan_jittor": (16, 16, "a multiple of 16"),
}
FRACTIONS = ("beta1", "beta2", "decay", "momentum")


def settable(system: System) -> dict[str, int | float | str]:
    """The options that `--set` takes for this row, with their present values."""
    values = {f.name: getattr(system, f.name) for f in fields(system) if f.name not in IDENTITY}
    return {name: value for name, value in values.items() if value is not None}


def apply_settings(system: System, assignments: Iterable[str]) -> System:
    """The row with `key=value` assignments applied and every value checked.

    Raises:
        UsageError: an assignment without `=`, a key that the row lacks, a value of the wrong
            type or out of its range.
    """
    options = settable(system)
    changes: dict[str, int | float | str] = {}
    for assignment in assignments:
        key, separator, text = assignment.partition("=")
        if not separator:
            raise UsageError(f"--set takes key=value, not {assignment!r}")
        if key not in options:
            raise UsageError(f"{system.name} has no option {key!r}; it has: {', '.join(options)}")
        changes[key] = _parse(key, text, options[key])
    return validate(replace(system, **changes))  # type: ignore[arg-type]


def validate(system: System) -> System:
    """The same row, once every option is known to make sense.

    Raises:
        UsageError: names the option, its value and what it may be.
    """
    for key, value in settable(system).items():
        if isinstance(value, int) and value < 1:
            raise UsageError(f"{key}={value}: must be at least 1")
        if key in FRACTIONS and not 0 <= float(value) < 1:
            raise UsageError(f"{key}={value}: must be in [0, 1)")
        if key in CHOICES and value not in CHOICES[key]:
            raise UsageError(f"{key}={value}: choose one of: {', '.join(CHOICES[key])}")
    if system.learning_rate < 0:
        raise UsageError(f"learning_rate={system.learning_rate}: must not be negative")
    if system.epsilon <= 0:
        raise UsageError(f"epsilon={system.epsilon}: must be positive")
    multiple, least, words = IMAGE_SIZES[system.architecture]
    if system.image_size < least or system.image_size % multiple:
        raise UsageError(f"image_size={system.image_size}: {system.name} takes {words}")
    return system


def _parse(key: str, text: str, present: int | float | str) -> int | float | str:
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
