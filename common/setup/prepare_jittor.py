"""Prepare Jittor for its first use: provide oneDNN and compile its core.

Run as `python -m common.setup.prepare_jittor`; a second run does nothing. Compiling here keeps the
first test that imports Jittor from compiling the core, in a process where other frameworks run
threads and a fork may hang.
"""

import sys
from pathlib import Path
from subprocess import TimeoutExpired

from common.backends import onednn, prepare_environment
from common.backends.inspection import examine, installed_versions
from common.processes.child import run_python

# The name of Jittor's folder contains the versions of compiler, Python and system, the processor
# and the machine's name: only Jittor itself can compute it. This import compiles nothing.
FOLDER = "import json, jittor_utils; print(); print(json.dumps(jittor_utils.cache_path))"


def jittor_folder() -> Path | None:
    """The folder in which this environment's Jittor keeps compiled code; None if unknown."""
    try:
        return Path(run_python(["-c", FOLDER], variables=prepare_environment("cpu"), timeout=60))
    except (RuntimeError, TimeoutExpired):
        return None


def core_is_compiled() -> bool:
    """Whether the Jittor of this environment has compiled its core."""
    folder = jittor_folder()
    return folder is not None and any(folder.glob("jittor_core*.so"))


def prepare_jittor() -> None:
    """Provide oneDNN and compile the core, if Jittor is installed; a failure is only reported."""
    if not installed_versions("jittor"):
        return
    onednn.provide()
    if core_is_compiled():
        return
    print("Jittor: compiling its core; about three minutes on two cores, once", flush=True)
    report = examine("jittor")
    if report["problem"]:
        print(f"WARNING: Jittor: {report['problem']}; {report['remedy']}", file=sys.stderr)


if __name__ == "__main__":
    prepare_jittor()
