"""Why a framework sees no CUDA device; by itself, whether this machine can have one.

Run as `python -m common.backends.cuda`: exit status 0 where NVIDIA's driver is there. Plain
Python, so that make can ask before it installs anything.
"""

import ctypes
import sys
from pathlib import Path

DRIVER = "libcuda.so.1"  # part of the driver, never of CUDA's own packages
NO_DRIVER = "no NVIDIA driver on this machine"
DRIVER_REMEDY = "install it, or use --device cpu"
LOADED = Path("/proc/driver/nvidia/version")


def has_driver() -> bool:
    """Whether NVIDIA's driver is installed here."""
    if LOADED.exists():
        return True
    try:
        ctypes.CDLL(DRIVER)
    except OSError:
        return False
    return True


def no_cuda_message(framework: str, *, built: bool, install: str) -> str:
    """The line for a framework that sees no CUDA device: what is missing, and what mends it.

    `built` says whether what is installed of it was built for CUDA, and `install` what installs
    such a build.
    """
    if not has_driver():
        reason, remedy = NO_DRIVER, DRIVER_REMEDY
    elif not built:
        reason, remedy = "only its build for the CPU is installed", install
    else:
        reason = "its build for CUDA and NVIDIA's driver are here, and find no card together"
        remedy = "see nvidia-smi, the driver's CUDA version there, and CUDA_VISIBLE_DEVICES"
    return f"{framework} sees no CUDA device here: {reason}; {remedy}"


if __name__ == "__main__":
    if not has_driver():
        print(f"{NO_DRIVER}: nothing was set up or run")
        sys.exit(1)
