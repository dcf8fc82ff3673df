"""A process that records for `rosetta parity`: one backend, loaded once, one task after the other.

Run as `python -m common.parity.recorder_process`, with what to load as JSON in its argument. It
says when it is ready, then reads one task a line from standard input and answers each in a line.
"""

import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common import UsageError
from common.backends import Backend, load, prepare_environment
from common.parity.case_run import words
from common.parity.cases import cases
from common.parity.device_group import record_together
from common.parity.record import save_recording
from common.processes.memory import cpu_seconds


def main() -> None:
    """Load the backend, then record each task until the input ends."""
    _leave_ctrl_c()
    answers = _private_output()

    def answer(**fields: Any) -> None:
        print(json.dumps(fields), file=answers, flush=True)

    kind = json.loads(sys.argv[1])
    try:
        # Several processes load it themselves, once for each task.
        backend = _load(**kind) if kind["devices"] == 1 else None
    except UsageError as error:
        answer(unusable=str(error))
        return
    _leave_ctrl_c()  # Jittor has set a handler of its own while it was imported
    answer(ready=True)
    before = 0.0  # the first task is charged with loading
    for line in sys.stdin:
        task = json.loads(line)
        problem = _record(backend, task, answer) if backend else record_together(kind, task)
        now = cpu_seconds()
        answer(problem=problem, cpu_seconds=now - before)
        before = now


def _load(
    *,
    backend: str,
    device: str,
    dtype: str,
    exact: bool,
    effort: str,
    devices: int,
    processes: int,
) -> Backend:
    """Import a port, its framework set up for the versions that this interpreter has."""
    prepared = prepare_environment(device, effort=effort, keep_compiled=True, exact=exact)
    os.environ.update(prepared)
    return load(backend, device=device, dtype=dtype, exact=exact, effort=effort)


def _record(backend: Backend, task: Mapping[str, Any], answer: Any) -> str:
    """Why a task could not be recorded; nothing if it was."""
    options = dict(task)
    chosen = cases(options.pop("systems"), options.pop("kinds"), options.pop("settings"))
    out = Path(options.pop("out"))
    try:
        save_recording(out, backend, chosen, progress=lambda name: answer(case=name), **options)
    except Exception as error:
        return words(error)
    return ""


def _leave_ctrl_c() -> None:
    """Leave Ctrl-C, which reaches every process in a terminal, to the parent process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _private_output() -> Any:
    """Where answers go; what a framework prints goes to standard error from here on."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


if __name__ == "__main__":
    main()
