"""Whether NVIDIA's driver is installed, and why a framework sees no CUDA device.

Run as `python -m common.backends.cuda`, it exits with 0 if the driver is installed. It needs only
the standard library, so that make can run it before anything is installed.
"""

import ctypes
import sys
from pathlib import Path

DRIVER = "libcuda.so.1"  # comes with the driver, not with CUDA's packages
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
    """The message for a framework that sees no CUDA device: what is missing, and how to fix it.

    `built` says whether the installed version was built for CUDA; `install` is the instruction
    that installs such a build.
    """
    if not has_driver():
        reason, remedy = NO_DRIVER, DRIVER_REMEDY
    elif not built:
        reason, remedy = "only its build for the CPU is installed", install
    else:
        reason = "its CUDA build and NVIDIA's driver are installed but find no GPU"
        remedy = "see nvidia-smi, the driver's CUDA version there, and CUDA_VISIBLE_DEVICES"
    return f"{framework} sees no CUDA device here: {reason}; {remedy}"


if __name__ == "__main__":
    if not has_driver():
        print(f"{NO_DRIVER}: nothing was installed or run")
        sys.exit(1)
