"""Definitions at the width of a listing: half a laptop's screen."""

import subprocess
import sys
import tokenize
from dataclasses import replace
from functools import cache
from io import StringIO

from common.idioms.definitions import Definition

COLUMNS = 76
PART = "# ruff starts the next part below\n"
RUFF = (
    *(sys.executable, "-m", "ruff", "format", "--isolated", "--quiet"),
    *("--line-length", str(COLUMNS), "--config", "format.skip-magic-trailing-comma=true", "-"),
)


@cache
def tidied(definition: Definition) -> Definition:
    """The definition, formatted by ruff at that width; comments and strings stay as wide as before.

    Raises:
        RuntimeError: ruff is missing or does not understand the source.
    """
    text = f"\n\n\n{PART}".join(f"{_comments_above(part)}\n" for part in definition.parts)
    done = subprocess.run(RUFF, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{definition.path}: ruff format failed: {done.stderr.strip()}")
    return replace(definition, parts=tuple(part.strip() for part in done.stdout.split(PART)))


def _comments_above(part: str) -> str:
    """The part with comments at the end of wide lines above them; ruff would wrap the code."""
    lines = part.splitlines()
    tokens = list(tokenize.generate_tokens(StringIO(f"{part}\n").readline))
    for token in reversed([each for each in tokens if each.type == tokenize.COMMENT]):
        line = lines[token.start[0] - 1]
        code = line[: token.start[1]].rstrip()
        if code and len(line) > COLUMNS and not token.string.startswith("# type:"):
            indent = line[: len(line) - len(line.lstrip())]
            lines[token.start[0] - 1 : token.start[0]] = [f"{indent}{token.string}", code]
    return "\n".join(lines)
