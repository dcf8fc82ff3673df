"""Install the project with all four frameworks; one that cannot be had never costs the others.

Run as `python -m common.install` from the root, in the environment to install into.
"""

import subprocess
import sys

EXTRAS = ("torch", "tf", "jax", "jittor", "data")


def pip_install(*requirements: str) -> bool:
    """Whether pip could install the requirements under the project's constraints."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["-c", "constraints.txt", *requirements]
    return subprocess.run(command, check=False).returncode == 0


def install() -> int:
    """Everything at once where possible, else one framework after the other."""
    print("installing four frameworks and the tools; this takes a minute or two")
    if pip_install("-e", ".[all,dev,docs]"):
        return 0
    if not pip_install("-e", ".[dev,docs]"):
        print("error: the project itself could not be installed; see pip's words above")
        return 1
    for extra in EXTRAS:
        if not pip_install("-e", f".[{extra}]"):
            print(f"WARNING: {extra} could not be installed; `rosetta doctor` tells how to mend it")
    return 0


if __name__ == "__main__":
    sys.exit(install())
