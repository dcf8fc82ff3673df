"""Compile Jittor's core and the kernels of one training step with a toolkit, and count them."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from common import ROOT
from common.backends import prepare_environment
from common.backends.jittor_cuda import Toolkit, variables
from common.processes.child import last_line, python_path
from common.setup.jittor_cuda import stand_in

SYSTEM, DTYPE = "dcgan_mnist", "float32"
ARCHITECTURES = ("80", "90")
CORE, KERNELS = "jittor_core*.so", "jit/*.so"
COLOURS = re.compile(r"\x1b\[[\d;]*[mK]")
ERROR = re.compile(r"\berror(:| #)|undefined reference|cannot find -l|Check failed")


@dataclass(frozen=True)
class Compiled:
    """What compiled with one toolkit; `error` is the compiler's first, "" if there is none."""

    title: str
    core: bool = False
    kernels: int = 0
    for_architecture: tuple[int, ...] = ()  # how many of the kernels hold code for each
    launches: int = 0
    seconds: float = 0.0
    error: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether everything compiled, for every architecture."""
        complete = bool(self.kernels) and set(self.for_architecture) == {self.kernels}
        return self.core and complete and self.launches > 0 and not self.error

    def lines(self) -> list[str]:
        """The lines of the table for this toolkit."""
        step = f"a step of {SYSTEM} in {DTYPE}"
        counts = zip(ARCHITECTURES, self.for_architecture, strict=False)
        code = ", ".join(f"{count} for sm_{each}" for each, count in counts) or "none"
        launches = f"{self.launches} launches" if self.launches else "did not come to its end"
        rows = {
            "Jittor's core": "compiled" if self.core else "not compiled",
            f"kernels of {step}": f"{self.kernels} compiled: {code}",
            "the step, no kernel run": launches,
        }
        rows |= {"first error": self.error} if self.error else {}
        title = f"{self.title}: {'ok' if self.succeeded else 'FAILED'} ({self.seconds:.0f} s)"
        return [title, *(f"  {name:<46} {text}" for name, text in rows.items())]


def compile_with(toolkit: Toolkit, folder: Path) -> Compiled:
    """Compile everything in this folder, in which Jittor also keeps its cache.

    Raises:
        UsageError: the stand-ins for CUDA's libraries cannot be built.
    """
    began = monotonic()
    home, log = folder / "home", folder / "log"
    home.mkdir(parents=True, exist_ok=True)
    libraries = stand_in.build(toolkit, folder / "stand_in")
    chosen = environment(toolkit, home, libraries)
    # Jittor exits with status 0 after it has rebuilt a part of itself, which happens once.
    for _ in range(2):
        status = _run_step(chosen, log)
        if status or last_line(log.read_text(errors="replace")).isdigit():
            break
    text = log.read_text(errors="replace")
    succeeded = status == 0 and last_line(text).isdigit()
    kernels = _code(toolkit, home)
    return Compiled(
        f"CUDA {toolkit.version[0]}.{toolkit.version[1]}, {_cudnn(toolkit)}",
        core=_exists(home, CORE),
        kernels=len(kernels),
        for_architecture=tuple(
            sum(f".sm_{each}." in listed for listed in kernels) for each in ARCHITECTURES
        ),
        launches=int(last_line(text)) if succeeded else 0,
        seconds=monotonic() - began,
        error="" if succeeded else f"{first_error(text)} (all of it: {log})",
    )


def _run_step(variables: Mapping[str, str], log: Path) -> int:
    """The exit status of the step's process, whose output goes into the log."""
    command = [sys.executable, "-m", "common.setup.jittor_cuda.step", SYSTEM, DTYPE]
    with log.open("wb") as output:
        return subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode


def environment(toolkit: Toolkit, home: Path, libraries: Sequence[Path]) -> dict[str, str]:
    """The variables of the process that compiles.

    Jittor remembers JITTOR_HOME for all later processes of a user, so HOME itself is another one.
    """
    return {
        # Those for CUDA would be made for the toolkit that is installed here, if there is one.
        **prepare_environment("cpu", exact=True),
        **variables(toolkit, "check"),
        "ROSETTA_DEVICE": "cuda",
        "HOME": str(home),
        "PYTHONPATH": python_path(),
        "LD_PRELOAD": stand_in.preloaded(libraries),
        "cuda_archs": " ".join(ARCHITECTURES),
        "use_mkl": "0",  # oneDNN computes on the CPU only
        "FIX_TORCH_ERROR": "0",  # otherwise it imports PyTorch, which may bring its own CUDA
        "log_silent": "1",
    }


def first_error(text: str) -> str:
    """The first line in which a compiler or a linker names an error; else the last line."""
    lines = [COLOURS.sub("", line).strip() for line in re.split(r"[\r\n]+", text)]
    lines = [line for line in lines if line]
    found = (line for line in lines if ERROR.search(line))
    return next(found, lines[-1] if lines else "no message")[:300]


def _code(toolkit: Toolkit, home: Path) -> list[str]:
    """What cuobjdump lists of each kernel that holds code for a GPU."""
    program = toolkit.home / "bin" / "cuobjdump"
    files = (file for file in home.rglob(KERNELS))
    listed = [
        subprocess.run(
            [program, "--list-elf", file], capture_output=True, text=True, check=False
        ).stdout
        for file in files
    ]
    return [text for text in listed if ".cubin" in text]


def _exists(home: Path, pattern: str) -> bool:
    return next(home.rglob(pattern), None) is not None


def _cudnn(toolkit: Toolkit) -> str:
    return "with cuDNN 8" if toolkit.has_cudnn else "without cuDNN"
