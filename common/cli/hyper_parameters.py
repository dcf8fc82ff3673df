"""Every hyper-parameter of a system as a command-line option, as in --learning-rate 1e-4."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from common import UsageError
from common.systems import System
from common.systems.options import options_of


def as_settings(system: System, words: Sequence[str]) -> Iterator[str]:
    """Turn the remaining `--key value` and `--key=value` arguments into assignments.

    Raises:
        UsageError: not an option, an option without a value, or one that the system lacks.
    """
    known = {f"--{name.replace('_', '-')}": name for name in options_of(system)}
    rest = iter(words)
    for word in rest:
        option, separator, value = word.partition("=")
        if not option.startswith("--"):
            raise UsageError(f"unexpected argument {word!r}; see rosetta train --help")
        if option not in known:
            close = get_close_matches(option, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"it has: {', '.join(known)}"
            raise UsageError(f"{system.name} has no option {option}; {hint}")
        if not separator:
            value = next(rest, "")
        if not value or value.startswith("--"):
            raise UsageError(
                f"{option} needs a value, as in {option} {options_of(system)[known[option]]}"
            )
        yield f"{known[option]}={value}"
