"""What Jittor needs before its first use: oneDNN, and its core compiled.

Run as `python -m common.setup.set_up`; does nothing the second time. Compiled here, the core is not
compiled by the first test that imports Jittor, beside frameworks whose threads a fork may hang.
"""

import sys
from pathlib import Path
from subprocess import TimeoutExpired

from common.backends import prepare_environment
from common.backends.examining import examine, installed_versions
from common.processes.child import ask
from common.setup import onednn

# Jittor's folder has the versions of compiler, Python and system in its name, the processor and
# the machine's name: only Jittor itself knows it. This much of Jittor compiles nothing.
FOLDER = "import json, jittor_utils; print(); print(json.dumps(jittor_utils.cache_path))"


def jittor_folder() -> Path | None:
    """Where the Jittor of this environment keeps what it compiles; None where it cannot tell."""
    try:
        return Path(ask(["-c", FOLDER], variables=prepare_environment("cpu"), timeout=60))
    except (RuntimeError, TimeoutExpired):
        return None


def core_is_compiled() -> bool:
    """Whether the Jittor of this environment has compiled its core."""
    folder = jittor_folder()
    return folder is not None and any(folder.glob("jittor_core*.so"))


def set_up() -> None:
    """Provide oneDNN and compile the core, where Jittor is installed; a failure is only told."""
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
    set_up()
