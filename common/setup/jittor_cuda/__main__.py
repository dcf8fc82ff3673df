"""Check that Jittor and the kernels of one GAN compile for GPUs, on a machine without one.

Run as `python -m common.setup.jittor_cuda` from the root, with 12 or 13 for one version of CUDA.
The exit status is 1 if something does not compile, or cannot be had here.
"""

import sys
from pathlib import Path

from common import ROOT, UsageError
from common.setup.jittor_cuda import packages
from common.setup.jittor_cuda.compiling import Compiled, compile_with

FOLDER = ROOT / "build" / "jittor-cuda"
UNKNOWN = """\
Not known without a card: whether any of it runs; whether the results are right, exact with TF32
off, and equal from run to run; which of cuDNN's algorithms Jittor takes; speed and memory.
"""


def main(arguments: list[str]) -> int:
    """Check the versions of CUDA that are named, or all; print a table."""
    if unknown := [each for each in arguments if each not in packages.VERSIONS]:
        print(f"error: no packages for CUDA {unknown[0]!r}; choose one of: 12, 13")
        return 2
    results = [_check(version, FOLDER / version) for version in arguments or packages.VERSIONS]
    print()
    for result in results:
        print("\n".join(result.lines()))
    print(f"\n{UNKNOWN}", end="")
    return 0 if all(result.succeeded for result in results) else 1


def _check(version: str, folder: Path) -> Compiled:
    try:
        print(f"CUDA {version}: about 2 GB of packages, the first time", flush=True)
        toolkit = packages.provide(version, folder)
        print(f"CUDA {version}: compiling; ten minutes or more on two cores, once", flush=True)
        return compile_with(toolkit, folder)
    except UsageError as error:
        return Compiled(f"CUDA {version}", error=str(error))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
