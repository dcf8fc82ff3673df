"""The `rosetta` command."""

import sys
from collections.abc import Sequence

from common import UsageError
from common.backends.libraries import missing, missing_library_message, require
from common.cli.commands import BASE, COMMANDS, Command

__all__ = ["main"]


def main() -> None:
    """Run the command line; invalid input prints one line on stderr and exits with 2."""
    try:
        _check_libraries(sys.argv[1:])
        from common.cli.application import app

        sys.exit(app(standalone_mode=False) or 0)
    except UsageError as error:
        _print_error(str(error))
        sys.exit(2)
    except ModuleNotFoundError as error:
        line = missing_library_message(error)
        if line is None:
            raise
        _print_error(line)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        # Typer's own errors, whose class it does not export.
        if not hasattr(error, "format_message"):
            raise
        command = getattr(getattr(error, "ctx", None), "command_path", "rosetta")
        message = error.format_message().rstrip(".")
        _print_error(f"{message}; see {command} --help")
        sys.exit(2)


def _check_libraries(words: Sequence[str]) -> None:
    """Check that the libraries of the called command are installed.

    Raises:
        UsageError: lists every missing library.
    """
    name = words[0] if words else ""
    command = COMMANDS.get(name, Command("", ""))
    what = f"rosetta {name}" if name in COMMANDS else "rosetta"
    require(what, (*BASE, *command.needs), also=command.uses)


def _print_error(message: str) -> None:
    line = " ".join(message.split())
    if missing(BASE):
        print(f"error: {line}", file=sys.stderr)
        return
    from rich.console import Console
    from rich.text import Text

    Console(stderr=True).print(Text.assemble(("error: ", "red"), line), soft_wrap=True)
