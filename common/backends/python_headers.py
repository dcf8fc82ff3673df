"""The python-config script that tells Jittor where this Python's headers are."""

import os
import sys
import sysconfig
from pathlib import Path

VARIABLE = "python_config_path"  # read by Jittor
SYSTEM = ("/usr/bin", "/usr/local/bin")


def python_config() -> dict[str, str]:
    """The environment variable with the path of that script, if Jittor would not find one itself.

    Jittor looks next to `sys.executable` and in the system's folders, but not where the base
    interpreter of a virtual environment is installed. A script that it finds is kept, even one of
    another patch release, whose headers work as well: a new path would recompile everything.
    """
    if VARIABLE in os.environ:
        return {VARIABLE: os.environ[VARIABLE]}
    name = f"python{sysconfig.get_python_version()}-config"
    beside = Path(sys.executable).parent
    candidates = [beside / name, beside / "python3-config", *(Path(at, name) for at in SYSTEM)]
    if any(script.is_file() for script in candidates):
        return {}
    behind = Path(sysconfig.get_config_var("BINDIR") or Path(sys.base_prefix) / "bin") / name
    return {VARIABLE: str(behind)} if behind.is_file() else {}
