"""What Jittor needs to compile for a GPU: nvcc, with CUDA's headers and libraries beside it.

Jittor 1.3.11 does not compile with CUDA 13's headers, knows cuDNN 8 only, and downloads two
libraries at import that no system here needs: the variables that it reads take care of all three.
"""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from common.backends import cuda

NVCC = "nvcc_path"  # read by Jittor; empty, it switches CUDA off
FLAGS = "cc_flags"  # read by Jittor, for g++ and nvcc alike
USUAL = ("/usr/local/cuda/bin/nvcc", "/usr/bin/nvcc", "/opt/cuda/bin/nvcc")
COMPATIBILITY = Path(__file__).with_name("jittor_cuda13.h")
CHANGED = (13, 0)  # the first CUDA whose headers Jittor does not compile with
HEADERS = ("cuda_runtime.h", "npp.h", "cublas.h", "curand.h")  # npp.h: in every kernel
LIBRARIES = ("cudart", "cublas", "curand")
# Jittor opens this part of cuDNN 8, which cuDNN 9 does not have, and wants these two beside it.
CUDNN_8, WITH_CUDNN = "cudnn_ops_infer", ("cudnn", "cufft", "cusparse")
INSTALL = "install CUDA's toolkit, best version 12 with cuDNN 8, and put its nvcc on the PATH"


@dataclass(frozen=True)
class Toolkit:
    """A CUDA toolkit, as Jittor finds it: by the folder of its nvcc."""

    nvcc: Path
    version: tuple[int, int]

    @property
    def home(self) -> Path:
        """The folder of `bin` and `include`."""
        return self.nvcc.resolve().parent.parent

    @property
    def has_cudnn(self) -> bool:
        """Whether Jittor can use its cuDNN."""
        headers = self._absent_headers([f"{name}.h" for name in WITH_CUDNN])
        return not headers and not self._absent_libraries((CUDNN_8, *WITH_CUDNN))

    @property
    def lacks_device_runtime(self) -> bool:
        """Whether it lacks the library for kernels that launch kernels, as pip's CUDA 12 does."""
        return bool(self._absent_libraries(["cudadevrt"], suffix=".a"))

    def missing(self) -> list[str]:
        """The files that Jittor needs and this toolkit lacks."""
        return self._absent_headers(HEADERS) + self._absent_libraries(LIBRARIES)

    def describe(self) -> str:
        """Version, place and what Jittor makes of it, in one line."""
        parts = [f"nvcc {self.version[0]}.{self.version[1]} in {self.nvcc.parent}"]
        if absent := self.missing():
            return f"{parts[0]} lacks {', '.join(absent)}"
        parts += ["a header for CUDA 13"] if self.version >= CHANGED else []
        parts += [] if self.has_cudnn else ["no cuDNN 8, so slower convolutions"]
        return ", ".join(parts)

    def _absent_headers(self, names: Sequence[str]) -> list[str]:
        machine = self.home / "targets" / f"{platform.machine()}-linux" / "include"
        return _absent(names, (self.home / "include", machine, Path("/usr/include")))

    def _absent_libraries(self, names: Sequence[str], suffix: str = ".so") -> list[str]:
        system = Path(f"/usr/lib/{platform.machine()}-linux-gnu")
        machine = self.home / "targets" / f"{platform.machine()}-linux" / "lib"
        files = [f"lib{name}{suffix}" for name in names]
        return _absent(files, (self.home / "lib64", machine, system))


@cache
def find_toolkit() -> Toolkit | None:
    """The first toolkit with headers beside its nvcc: the one that `nvcc_path` names, on the PATH,
    in the usual places; None if there is none."""
    named = os.environ.get(NVCC)
    if named == "":
        return None
    for path in filter(None, (named, shutil.which("nvcc"), *USUAL)):
        nvcc = Path(path)
        if (nvcc.resolve().parent.parent / "include" / "cuda_runtime.h").exists():
            version = nvcc_version(nvcc)
            if version is not None:
                return Toolkit(nvcc, version)
    return None


def nvcc_version(nvcc: Path) -> tuple[int, int] | None:
    """Its version, as in (12, 4); None if it does not say one."""
    try:
        done = subprocess.run([nvcc, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return parse_version(done.stdout)


def parse_version(output: str) -> tuple[int, int] | None:
    """The version in what `nvcc --version` prints; None if there is none."""
    match = re.search(r"release (\d+)\.(\d+)", output)
    return (int(match[1]), int(match[2])) if match else None


def variables(toolkit: Toolkit | None, cache_name: str) -> dict[str, str]:
    """The environment variables with which Jittor compiles with this toolkit.

    `cache_name` is the name of its cache on the CPU; other flags of the compiler need another one.
    """
    if toolkit is None:
        return {}
    # Both are downloaded at import and speed up what no system here uses much.
    chosen = {NVCC: str(toolkit.nvcc), "use_cutt": "0", "use_cutlass": "0"}
    if not toolkit.has_cudnn:
        chosen["conv_opt"] = "1"  # otherwise the import fails without cuDNN 8
    if toolkit.lacks_device_runtime:
        chosen["NVCC_APPEND_FLAGS"] = "--cudadevrt=none"  # Jittor's kernels do not use it
    if toolkit.version >= CHANGED:
        flag, given = f'-include "{COMPATIBILITY}"', os.environ.get(FLAGS, "")
        chosen[FLAGS] = given if flag in given else f" {given} {flag} "
        chosen["cache_name"] = f"{cache_name}-cuda{toolkit.version[0]}"
    return chosen


def problem() -> str | None:
    """What keeps Jittor from a GPU here, and the remedy; None if nothing that can be seen.

    To be asked before its import, which ends the process if there is nvcc and no driver.
    """
    toolkit = find_toolkit()
    state = toolkit.describe() if toolkit else "no nvcc with CUDA's headers"
    if not cuda.has_driver():
        message = cuda.no_cuda_message("Jittor", built=False, install=INSTALL)
        return f"{message} (Jittor compiles its kernels itself: {state})"
    if toolkit is None:
        return f"Jittor sees no CUDA device here: {state}; {INSTALL}"
    if toolkit.missing():
        return f"Jittor sees no CUDA device here: {state}; install them there, or {INSTALL[8:]}"
    return None


def _absent(names: Sequence[str], folders: Sequence[Path]) -> list[str]:
    return [name for name in names if not any((place / name).exists() for place in folders)]
