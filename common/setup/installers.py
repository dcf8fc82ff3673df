"""The package installer to use: uv if it is available and pip's settings allow it, else pip."""

import re
import shutil
import subprocess
import sys
import sysconfig
from ast import literal_eval
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# pip's settings: those that uv accepts as options of the same name, ...
PASSED_ON = ("find-links", "index-url", "extra-index-url", "constraint")
CERTIFICATES = "cert"  # ... the one that it reads from an environment variable, and ...
# ... those that do not affect what is installed. With any other setting, pip is used.
_OUTPUT = ("disable-pip-version-check", "no-color", "no-input", "progress-bar", "quiet")
HARMLESS = (*_OUTPUT, "cache-dir", "default-timeout", "no-cache-dir", "retries", "timeout")


@dataclass(frozen=True)
class Installer:
    """A program that installs packages, and how it is called."""

    name: str
    call: tuple[str, ...]
    parallel: bool  # whether several calls can run at the same time
    variables: Mapping[str, str] = field(default_factory=dict)

    def command(self, *requirements: str, constraints: str = "constraints.txt") -> list[str]:
        """The command that installs requirements under the project's constraints; "" for none."""
        return [*self.call, *(["-c", constraints] if constraints else []), *requirements]


def installers() -> tuple[Installer, ...]:
    """The installers to try, fastest first; the last is always pip."""
    uv = shutil.which("uv")
    fast = with_uv(uv, pip_settings()) if uv else None
    return (fast, with_pip()) if fast else (with_pip(),)


def with_pip(python: str = sys.executable) -> Installer:
    """The pip of this environment, or of another Python's.

    By default pip byte-compiles every file of every package. Python does that itself at the first
    import, for the third of the files that are imported, unless it may not write bytecode.
    """
    options = ["--quiet", "--disable-pip-version-check"]
    options += [] if sys.dont_write_bytecode else ["--no-compile"]
    return Installer("pip", (python, "-m", "pip", "install", *options), parallel=True)


def with_uv(program: str, settings: Mapping[str, str]) -> Installer | None:
    """uv with pip's settings, which it does not read; None if it does not support one of them."""
    if any(key not in (*PASSED_ON, CERTIFICATES, *HARMLESS) for key in settings):
        return None
    options = [f"--{key}={each}" for key in PASSED_ON for each in settings.get(key, "").split()]
    if "extra-index-url" in settings:
        # uv takes a package from the first index that has it, pip the best version of all indexes.
        options.append("--index-strategy=unsafe-best-match")
    if sys.dont_write_bytecode:
        options.append("--compile-bytecode")
    certificates = settings.get(CERTIFICATES)
    return Installer(
        "uv",
        (program, "pip", "install", "--quiet", "--python", sys.executable, *options),
        parallel=False,  # uv locks the environment, and installs in parallel itself
        variables={"SSL_CERT_FILE": certificates} if certificates else {},
    )


def pip_settings() -> dict[str, str]:
    """pip's settings for `pip install`, from files and variables; empty if there is no pip."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    output = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    lines = re.findall(r"^(global|install|:env:)\.([\w-]+)=(.+)$", output, re.MULTILINE)
    sections: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for section, key, value in lines:
        sections[section][key] = str(literal_eval(value))
    # Later ones take precedence, as in pip.
    return {**sections["global"], **sections["install"], **sections[":env:"]}


def forget_unfinished(packages: Path | None = None) -> list[str]:
    """Remove the metadata of packages whose installation was interrupted; return their names.

    An installer writes a package's metadata first and its file list (RECORD) last: without RECORD
    the package would count as installed although it may be incomplete.
    """
    if packages is None and sys.prefix == sys.base_prefix:
        return []  # packages of the system's Python are not ours to change
    described = (packages or Path(sysconfig.get_path("purelib"))).glob("*.dist-info")
    unfinished = [place for place in described if not (place / "RECORD").exists()]
    for place in unfinished:
        shutil.rmtree(place)
    return sorted(place.name.removesuffix(".dist-info") for place in unfinished)
