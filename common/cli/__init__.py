"""The `rosetta` command."""

import sys
from collections.abc import Sequence

from common import UsageError
from common.cli.commands import BASE, COMMANDS, Command
from common.setup.libraries import absent, missing, require

__all__ = ["main"]


def main() -> None:
    """Run the command line; bad input is one line on stderr and exit status 2."""
    try:
        _check_libraries(sys.argv[1:])
        from common.cli.application import app

        app()
    except UsageError as error:
        _tell(str(error))
        sys.exit(2)
    except ModuleNotFoundError as error:
        line = absent(error)
        if line is None:
            raise
        _tell(line)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def _check_libraries(words: Sequence[str]) -> None:
    """Nothing, where the command that these words call can be imported and run.

    Raises:
        UsageError: names every library that it lacks.
    """
    name = words[0] if words else ""
    command = COMMANDS.get(name, Command("", ""))
    what = f"rosetta {name}" if name in COMMANDS else "rosetta"
    require(what, (*BASE, *command.needs), also=command.uses)


def _tell(words: str) -> None:
    line = " ".join(words.split())
    if missing(BASE):
        print(f"error: {line}", file=sys.stderr)
        return
    from rich.console import Console
    from rich.text import Text

    Console(stderr=True).print(Text.assemble(("error: ", "red"), line), soft_wrap=True)
