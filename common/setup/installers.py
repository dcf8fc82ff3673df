"""What installs packages here: uv where it is at hand and pip's settings allow it, else pip."""

import re
import shutil
import subprocess
import sys
import sysconfig
from ast import literal_eval
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# Of pip's settings: those that uv takes as options of the same name, ...
PASSED_ON = ("find-links", "index-url", "extra-index-url", "constraint")
CERTIFICATES = "cert"  # ... the one that it takes as a variable, and ...
# ... those that change nothing about what is installed. Any other keeps uv from being used.
_SAID = ("disable-pip-version-check", "no-color", "no-input", "progress-bar", "quiet")
HARMLESS = (*_SAID, "cache-dir", "default-timeout", "no-cache-dir", "retries", "timeout")


@dataclass(frozen=True)
class Installer:
    """A program that installs packages, and how it is called."""

    name: str
    call: tuple[str, ...]
    beside: bool  # whether several calls can install at the same time
    variables: Mapping[str, str] = field(default_factory=dict)

    def command(self, *requirements: str, constraints: str = "constraints.txt") -> list[str]:
        """The command that installs requirements under the project's constraints."""
        return [*self.call, "-c", constraints, *requirements]


def installers() -> tuple[Installer, ...]:
    """Those to try, the fastest first; the last is always pip."""
    uv = shutil.which("uv")
    found = with_uv(uv, pip_settings()) if uv else None
    return (found, with_pip()) if found else (with_pip(),)


def with_pip() -> Installer:
    """The environment's own pip.

    It would byte-compile every file of every package, one after the other. Python does so for the
    third of them that is imported, at its first import, unless it may not keep what it compiles.
    """
    options = ["--quiet", "--disable-pip-version-check"]
    options += [] if sys.dont_write_bytecode else ["--no-compile"]
    return Installer("pip", (sys.executable, "-m", "pip", "install", *options), beside=True)


def with_uv(program: str, settings: Mapping[str, str]) -> Installer | None:
    """uv with pip's settings, which it does not read; None where it cannot be told one of them."""
    if any(key not in (*PASSED_ON, CERTIFICATES, *HARMLESS) for key in settings):
        return None
    options = [f"--{key}={each}" for key in PASSED_ON for each in settings.get(key, "").split()]
    if "extra-index-url" in settings:
        # By itself uv takes a package from the first index that has it, pip the best of all.
        options.append("--index-strategy=unsafe-best-match")
    if sys.dont_write_bytecode:
        options.append("--compile-bytecode")
    certificates = settings.get(CERTIFICATES)
    return Installer(
        "uv",
        (program, "pip", "install", "--quiet", "--python", sys.executable, *options),
        beside=False,  # uv locks the environment, and is parallel by itself
        variables={"SSL_CERT_FILE": certificates} if certificates else {},
    )


def pip_settings() -> dict[str, str]:
    """What pip's files and variables set for `pip install`, none where there is no pip."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    lines = re.findall(r"^(global|install|:env:)\.([\w-]+)=(.+)$", said, re.MULTILINE)
    sections: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for section, key, value in lines:
        sections[section][key] = str(literal_eval(value))
    # The later ones win, as they do for pip.
    return {**sections["global"], **sections["install"], **sections[":env:"]}


def forget_unfinished(packages: Path | None = None) -> list[str]:
    """Let the installer see what it was interrupted in as missing; the packages' names.

    The list of its files is the last that is written of a package, and what describes it comes
    shortly before: between the two it would pass for installed.
    """
    if packages is None and sys.prefix == sys.base_prefix:
        return []  # a system's packages are the system's
    described = (packages or Path(sysconfig.get_path("purelib"))).glob("*.dist-info")
    unfinished = [place for place in described if not (place / "RECORD").exists()]
    for place in unfinished:
        shutil.rmtree(place)
    return sorted(place.name.removesuffix(".dist-info") for place in unfinished)
