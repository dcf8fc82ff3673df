"""The `rosetta` command."""

import sys

from rich.console import Console
from rich.text import Text

from common.cli import (
    benching,
    comparing,
    evaluating,
    exporting,
    idioms,
    looking,
    runs,
    stepping,
    training,
)
from common.cli.application import app
from common.errors import UsageError

__all__ = [
    "app",
    "benching",
    "comparing",
    "evaluating",
    "exporting",
    "idioms",
    "looking",
    "main",
    "runs",
    "stepping",
    "training",
]


def main() -> None:
    """Run the command line; bad input is one line on stderr and exit status 2."""
    try:
        app()
    except UsageError as error:
        line = Text.assemble(("error: ", "red"), " ".join(str(error).split()))
        Console(stderr=True).print(line, soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
