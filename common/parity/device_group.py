"""Record on several devices, with as many processes as the framework's engine needs for them.

Each process runs `python -m common.parity.device_group`, with what to load and to record as JSON
in its argument; the first one writes the recording.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common import UsageError
from common.backends import load, prepare_environment
from common.backends.launching import group_of
from common.parity.case_run import words
from common.parity.cases import cases
from common.parity.record import save_recording
from common.processes.group import run_together

MODULE = "common.parity.device_group"


def record_together(kind: Mapping[str, Any], task: Mapping[str, Any], module: str = MODULE) -> str:
    """Record a task on several devices, each process running `module`; why that failed, or ""."""
    devices = kind["devices"]
    arguments = ["-m", module, json.dumps({"kind": dict(kind), "task": dict(task)})]
    prepared = prepare_environment(
        kind["device"],
        effort=kind["effort"],
        keep_compiled=True,
        exact=kind["exact"],
        devices=devices,
    )
    try:
        commands, environments = group_of(
            kind["backend"], devices, kind["processes"], arguments, prepared
        )
    except UsageError as error:
        return str(error)
    return run_together(commands, environments)


def main() -> None:
    """Load the backend as one of several, record, and leave."""
    given = json.loads(sys.argv[1])
    kind, task = given["kind"], given["task"]
    names = ("device", "dtype", "exact", "effort", "devices")
    backend = load(kind["backend"], **{name: kind[name] for name in names})
    chosen = cases(task.pop("systems"), task.pop("kinds"), task.pop("settings"))
    save_recording(Path(task.pop("out")), backend, chosen, **task)
    backend.parallel.disconnect()


if __name__ == "__main__":
    try:
        main()
    except Exception as error:
        sys.exit(f"error: {error if isinstance(error, UsageError) else words(error)}")
