"""Build the declared environments beside .venv, and describe what each really holds."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from common import ROOT, UsageError
from common.backends import DISTRIBUTIONS
from common.files import write_bytes
from common.matrix.declaration import Environment
from common.parity.jobs import Interpreter
from common.processes.child import python_path
from common.setup.command_runner import CommandRunner
from common.setup.installers import with_pip

FOLDER = ROOT / ".venv-matrix"
READY = "ready.json"  # what was installed, written last
SHOWN = (*(d for names in DISTRIBUTIONS.values() for d in names), "jaxlib", "numpy")
_VERSION = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
_DESCRIBE = """
import json, platform, sys
from importlib.metadata import PackageNotFoundError, version
found = {"python": platform.python_version()}
for name in sys.argv[1:]:
    try:
        found[name] = version(name)
    except PackageNotFoundError:
        pass
print(json.dumps(found))
"""


def find_python(version: str) -> str | None:
    """A Python of this version, as in "3.12", that can make environments; None without one.

    A name on the PATH is not enough: pyenv puts a script there for each version that some folder
    could choose, and Debian's Python lacks ensurepip until python3.12-venv is installed.
    """
    ours = ".".join(map(str, sys.version_info[:2]))
    candidates = [sys.executable] if version == ours else []
    candidates += filter(None, [shutil.which(f"python{version}")])
    for candidate in candidates:
        if _output([candidate, "-c", _VERSION]) == version:
            return candidate
    return None


def _output(command: list[str]) -> str:
    """What a command prints, "" if it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def executable(environment: Environment, folder: Path = FOLDER) -> str:
    """The Python of an environment."""
    return str(folder / environment.name / "bin" / "python")


def is_built(environment: Environment, folder: Path = FOLDER) -> bool:
    """Whether the environment holds what is declared now."""
    try:
        ready = json.loads((folder / environment.name / READY).read_text())
    except (OSError, ValueError):
        return False
    return bool(ready == _contents(environment))


def build(
    runner: CommandRunner, environment: Environment, python: str, folder: Path = FOLDER
) -> bool:
    """Make the environment and install what is declared; whether that succeeded.

    Nothing is done where it holds that already; where it holds something else, it is made anew.
    """
    name, own = environment.name, executable(environment, folder)
    if not is_built(environment, folder):
        make = [python, "-m", "venv", "--clear", str(folder / name)]
        pip = with_pip(own).command(*environment.packages, constraints="")
        if not (
            runner.run(f"making {name} with Python {environment.python}", make, shown=True)
            and runner.run(f"installing into {name}", pip, shown=True)
        ):
            return False
        write_bytes(folder / name / READY, json.dumps(_contents(environment)).encode())
    if "jittor" in environment.backends:
        prepare = [own, "-m", "common.setup.prepare_jittor"]
        where = {"PYTHONPATH": python_path()}
        return runner.run(f"preparing Jittor in {name}", prepare, shown=True, variables=where)
    return True


def describe(name: str, python: str) -> Interpreter:
    """An interpreter with the versions that are really installed.

    Raises:
        UsageError: it does not run, as after an upgrade of the Python that it was made with.
    """
    found = _output([python, "-c", _DESCRIBE, *SHOWN])
    if not found:
        raise UsageError(f"{name}: {python} does not run; remove its folder and make it again")
    return Interpreter(name, python, tuple(json.loads(found).items()))


def _contents(environment: Environment) -> dict[str, object]:
    return {"python": environment.python, "packages": list(environment.packages)}
