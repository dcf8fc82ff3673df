"""Install the project with all four frameworks; one that cannot be had never costs the others.

Run as `python -m common.install` from the root, in the environment to install into;
`python -m common.install cuda12` or cuda13 installs the builds for cards instead.
"""

import subprocess
import sys

EXTRAS = ("torch", "tf", "jax", "jittor", "data")
FOR_CARDS = ("cuda12", "cuda13")


def pip_install(*requirements: str, constraints: str = "constraints.txt") -> bool:
    """Whether pip could install the requirements under the project's constraints."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["-c", constraints, *requirements]
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


def install_for_cards(extra: str) -> int:
    """The frameworks' builds for one version of CUDA, all or none."""
    if extra not in FOR_CARDS:
        print(f"error: no builds for {extra!r}; choose one of: {', '.join(FOR_CARDS)}")
        return 2
    print(f"installing the frameworks' builds for {extra}: several gigabytes")
    if pip_install("-e", f".[{extra},dev]", constraints=f".constraints/{extra}.txt"):
        return 0
    print(f"error: the builds for {extra} could not be installed; see pip's words above")
    return 1


if __name__ == "__main__":
    sys.exit(install_for_cards(sys.argv[1]) if sys.argv[1:] else install())
