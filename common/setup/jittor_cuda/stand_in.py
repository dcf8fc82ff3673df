"""Libraries that take the place of CUDA's at run time, so that Jittor runs without a GPU.

Jittor compiles a kernel when it is about to launch it, which without a device it never is. Each
library here exports every function of the real one, by which Jittor is still compiled and linked,
and takes its place when a process loads it first. Most functions do nothing and return 0; the
few whose results Jittor reads are written in C. Whatever is computed with them means nothing.
"""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from common import UsageError
from common.backends.jittor_cuda import Toolkit

SOURCES = {name: Path(__file__).with_name(f"stand_in_{name}.c") for name in ("cudart", "cudnn")}
REPLACED = ("cudart", "cublas", "curand", "cudnn", "cufft", "cusparse")
MARK = "rosetta_"  # begins the names that the real library does not have


def build(toolkit: Toolkit, folder: Path) -> list[Path]:
    """A stand-in for each library that Jittor loads of this toolkit, in this folder.

    Raises:
        UsageError: there is no C compiler, or the toolkit is not what its headers say.
    """
    folder.mkdir(parents=True, exist_ok=True)
    real = [toolkit.home / "lib64" / f"lib{name}.so" for name in REPLACED]
    return [_build(library, toolkit, folder) for library in real if library.exists()]


def preloaded(libraries: Sequence[Path]) -> str:
    """The value of LD_PRELOAD that puts them in place."""
    return " ".join(map(str, libraries))


def _build(library: Path, toolkit: Toolkit, folder: Path) -> Path:
    name = library.stem.removeprefix("lib")
    exported, node = _exported(library)
    written = _compile(SOURCES[name], toolkit, folder / f"{name}.o") if name in SOURCES else set()
    unknown = {each for each in written - exported if not each.startswith(MARK)}
    if unknown:
        raise UsageError(f"{library} lacks {', '.join(sorted(unknown))}, which its headers declare")
    rest = folder / f"{name}.s"
    rest.write_text(_returning_zero(sorted(exported - written)))
    versions = folder / f"{name}.map"
    versions.write_text(f"{node} {{ global: *; }};\n")
    made = folder / _so_name(library)
    objects = [folder / f"{name}.o"] if written else []
    options = [f"-Wl,-soname,{made.name}", f"-Wl,--version-script={versions}"]
    _output(["gcc", "-shared", *map(str, objects), str(rest), *options, "-o", str(made)])
    return made


def _exported(library: Path) -> tuple[set[str], str]:
    """The functions that a library exports, and the version that they carry."""
    output = _output(["nm", "-D", "--defined-only", "--with-symbol-versions", str(library)])
    found = re.findall(r" T (\w+)(?:@@(\S+))?$", output, re.MULTILINE)
    return {name for name, _ in found}, next((version for _, version in found if version), "")


def _compile(source: Path, toolkit: Toolkit, made: Path) -> set[str]:
    """Compile a C file with the toolkit's headers; the names of its functions."""
    include = str(toolkit.home / "include")
    _output(["gcc", "-fPIC", "-O1", "-I", include, "-c", str(source), "-o", str(made)])
    defined = _output(["nm", "-g", "--defined-only", str(made)])
    return set(re.findall(r" T (\w+)$", defined, re.MULTILINE))


def _returning_zero(names: Sequence[str]) -> str:
    """Assembly of functions that all return 0."""
    labels = "".join(f".globl {name}\n.type {name}, @function\n{name}:\n" for name in names)
    return f'.text\n{labels}xor %eax, %eax\nret\n.section .note.GNU-stack, "", @progbits\n'


def _so_name(library: Path) -> str:
    match = re.search(r"SONAME.*\[(.+)\]", _output(["readelf", "-d", str(library)]))
    return match[1] if match else library.resolve().name


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise UsageError(f"{command[0]} is not installed here; apt-get install gcc") from None
    if done.returncode:
        raise UsageError(f"{command[0]} failed: {done.stderr.strip().splitlines()[0]}")
    return done.stdout
