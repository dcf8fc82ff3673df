"""A CUDA toolkit in a folder of its own, made of packages; nothing is installed on the system.

pip has nvcc for CUDA 13. For CUDA 12 its packages hold everything but nvcc itself and most of the
programs that it calls; Debian has those, in the part of its archive that is not free software.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from common import ROOT, UsageError
from common.backends.jittor_cuda import Toolkit, nvcc_version

VERSIONS = ("12", "13")
DEBIAN_PACKAGE, DEBIAN_RELEASE = "nvidia-cuda-toolkit=12.4.131~12.4.1-2", "trixie"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
PROGRAMS = ("cudafe++", "cuobjdump", "fatbinary", "nvlink", "ptxas")
PROFILE = """\
TOP = $(_HERE_)/..
NVVMIR_LIBRARY_DIR = $(TOP)/nvvm/libdevice
PATH += $(TOP)/nvvm/bin:$(_HERE_):
INCLUDES += "-I$(TOP)/include" $(_SPACE_)
LIBRARIES =+ $(_SPACE_) "-L$(TOP)/lib64"
"""
READY = "ready"  # made last, so that a folder without it is made again


def provide(version: str, folder: Path) -> Toolkit:
    """The toolkit of CUDA "12" or "13" in this folder; downloads about 2 GB the first time.

    Raises:
        UsageError: a package cannot be had here.
    """
    home = folder / "toolkit"
    if not (home / READY).exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _install_with_pip(version, folder / "packages")
        {"12": _assemble_12, "13": _assemble_13}[version](folder, home)
        (home / READY).touch()
    nvcc = home / "bin" / "nvcc"
    found = nvcc_version(nvcc)
    if found is None:
        raise UsageError(f"{nvcc} does not run here; make clean, then run the same command again")
    return Toolkit(nvcc, found)


def _install_with_pip(version: str, target: Path) -> None:
    # One call: a second one would replace the folder `nvidia`, which all these packages share.
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-compile", "--target", str(target)]
    _run([*command, "-r", str(ROOT / ".constraints" / f"nvcc{version}.txt")], "pip's packages")


def _assemble_13(folder: Path, home: Path) -> None:
    """The packages share one folder; add the names under which Jittor and ld look for libraries."""
    (folder / "packages" / "nvidia" / "cu13").rename(home)
    (home / "lib64").symlink_to("lib")
    _name_without_version(home / "lib")


def _assemble_12(folder: Path, home: Path) -> None:
    """Each package has a folder of its own: link all their headers and libraries into one."""
    include, libraries = home / "include", home / "lib64"
    for made in (include, libraries, home / "nvvm"):
        made.mkdir(parents=True)
    for package in (folder / "packages" / "nvidia").iterdir():
        _link(package.glob("include/[!_]*"), include)
        _link(package.glob("lib/*.so.*"), libraries)
    _name_without_version(libraries)
    _add_programs(_debian_package(folder / "debian"), home)


def _add_programs(system: Path, home: Path) -> None:
    """nvcc and the programs that it calls; it looks for those beside itself."""
    theirs = system / "usr" / "lib" / "nvidia-cuda-toolkit"
    shutil.copytree(theirs / "bin", home / "bin", ignore=shutil.ignore_patterns("*.profile", "g*"))
    for name in PROGRAMS:
        shutil.copy2(system / "usr" / "bin" / name, home / "bin")
    (home / "nvvm" / "bin").mkdir()
    (home / "bin" / "cicc").rename(home / "nvvm" / "bin" / "cicc")
    shutil.copytree(theirs / "libdevice", home / "nvvm" / "libdevice")
    (home / "bin" / "nvcc.profile").write_text(PROFILE)


def _debian_package(folder: Path) -> Path:
    """Debian's package with nvcc, unpacked; apt's own lists and settings stay as they are."""
    what = f"nvcc for CUDA 12 ({DEBIAN_PACKAGE} of Debian's {DEBIAN_RELEASE}, non-free)"
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise UsageError(f"{what} cannot be had here: no apt; check CUDA 13 alone")
    private = folder / "apt"
    for part in ("lists/partial", "cache/archives/partial", "etc"):
        (private / part).mkdir(parents=True)
    (private / "status").touch()
    source = f"deb [signed-by={KEYS}] {_archive(what)} {DEBIAN_RELEASE} non-free\n"
    (private / "etc" / "sources.list").write_text(source)
    (private / "apt.conf").write_text(
        f'Dir::Etc "{private}/etc/";\nDir::Etc::sourcelist "sources.list";\n'
        f'Dir::Etc::sourceparts "-";\nDir::State "{private}";\n'
        f'Dir::State::status "{private}/status";\nDir::Cache "{private}/cache";\n'
        'APT::Sandbox::User "";\n'
    )
    settings = {"APT_CONFIG": str(private / "apt.conf")}
    _run(["apt-get", "update"], what, settings)
    _run(["apt-get", "download", DEBIAN_PACKAGE], what, settings, cwd=folder)
    package = next(folder.glob("*.deb"))
    _run(["dpkg-deb", "-x", str(package), str(folder / "unpacked")], what)
    package.unlink()
    return folder / "unpacked"


def _archive(what: str) -> str:
    """The address from which this machine's apt gets Debian's packages."""
    chosen = ["Created-By: Packages", "Origin: Debian", "Component: main", "Label: Debian"]
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", *chosen]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout.split():
        raise UsageError(f"{what} cannot be had here: no archive of Debian; check CUDA 13 alone")
    return done.stdout.split()[0]


def _run(
    command: list[str], what: str, variables: Mapping[str, str] | None = None, cwd: Path = ROOT
) -> None:
    environment = {**os.environ, **(variables or {})}
    done = subprocess.run(
        command, env=environment, cwd=cwd, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise UsageError(f"{what} cannot be had here: {last}")


def _link(files: Iterable[Path], folder: Path) -> None:
    for file in files:
        link = folder / file.name
        if not link.exists():
            link.symlink_to(file.resolve())


def _name_without_version(folder: Path) -> None:
    for library in list(folder.glob("*.so.*")):
        link = folder / f"{library.name.partition('.so.')[0]}.so"
        if not link.exists():
            link.symlink_to(library.name)
