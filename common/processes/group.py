"""Several processes that belong together: all of them end, or all are ended."""

import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from tempfile import TemporaryFile

from common.processes.child import last_line

POLL = 0.2  # seconds
# As our processes say it in a line, or Python at the end of a traceback.
_ERROR = re.compile(r"(\[rank\d+\]: )?(error|[\w.]+(Error|Exception)): ")


def run_together(
    commands: Sequence[Sequence[str]], environments: Sequence[Mapping[str, str]]
) -> str:
    """Run commands until all have ended, or one has failed; its last words, or nothing."""
    with TemporaryFile("w+", errors="replace") as errors:
        group = [
            subprocess.Popen(
                command, env=environment, stdout=errors, stderr=errors, stdin=subprocess.DEVNULL
            )
            for command, environment in zip(commands, environments, strict=True)
        ]
        try:
            while any(process.poll() is None for process in group):
                if any(process.returncode for process in group):
                    break
                time.sleep(POLL)
        finally:
            for process in group:
                if process.poll() is None:
                    process.kill()
                process.wait()
        failed = [process.returncode for process in group if process.returncode]
        errors.seek(0)
        return (_own_words(errors.read()) or f"exit status {failed[0]}") if failed else ""


def _own_words(text: str) -> str:
    """The first line that names an error, before all that launchers add; or the last line."""
    ours = [line for line in text.splitlines() if _ERROR.match(line)]
    return ours[0].removeprefix("error: ") if ours else last_line(text)
