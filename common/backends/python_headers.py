"""The script by which Jittor learns where this Python's headers lie."""

import os
import sys
import sysconfig
from pathlib import Path

VARIABLE = "python_config_path"  # that Jittor reads
SYSTEM = ("/usr/bin", "/usr/local/bin")


def python_config() -> dict[str, str]:
    """The variable that leads Jittor to such a script, where it would find none by itself.

    It looks beside `sys.executable` and in the system's folders, not where the interpreter behind
    a virtual environment is installed. What it finds by itself is left to it, though it may be of
    another patch release, whose headers serve as well: another path makes it compile all anew.
    """
    if VARIABLE in os.environ:
        return {VARIABLE: os.environ[VARIABLE]}
    name = f"python{sysconfig.get_python_version()}-config"
    beside = Path(sys.executable).parent
    found_anyway = [beside / name, beside / "python3-config", *(Path(at, name) for at in SYSTEM)]
    if any(script.is_file() for script in found_anyway):
        return {}
    behind = Path(sysconfig.get_config_var("BINDIR") or Path(sys.base_prefix) / "bin") / name
    return {VARIABLE: str(behind)} if behind.is_file() else {}
