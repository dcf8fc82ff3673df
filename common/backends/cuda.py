"""Whether NVIDIA's driver is installed, and why a framework sees no CUDA device.

Run as `python -m common.backends.cuda`, it exits with 0 if the driver is installed. It needs only
the standard library, so that make can run it before anything is installed.
"""

import ctypes
import os
import sys
from ctypes.util import find_library
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

DRIVER = "libcuda.so.1"  # comes with the driver, not with CUDA's packages
NO_DRIVER = "no NVIDIA driver on this machine"
CPU_BUILD = "only its build for the CPU is installed"
DRIVER_REMEDY = "install the driver, or use --device cpu"
SEES_NONE = "sees no CUDA device here: "
NO_DEVICE = 100  # CUDA_ERROR_NO_DEVICE
LOADED = Path("/proc/driver/nvidia/version")


class Driver(NamedTuple):
    """What NVIDIA's driver says, None where it says nothing."""

    cuda: tuple[int, int] | None = None  # the newest version of CUDA that it runs
    gpus: int | None = None  # after CUDA_VISIBLE_DEVICES


def has_driver() -> bool:
    """Whether NVIDIA's driver is installed here."""
    if LOADED.exists():
        return True
    try:
        ctypes.CDLL(DRIVER)
    except OSError:
        return False
    return True


def ask_driver() -> Driver:
    """Ask the driver itself, as every framework does."""
    try:
        library = ctypes.CDLL(DRIVER)
    except OSError:
        return Driver()
    number, count = ctypes.c_int(), ctypes.c_int()
    known = library.cuDriverGetVersion(ctypes.byref(number)) == 0
    version = (number.value // 1000, number.value % 1000 // 10) if known else None
    status = library.cuInit(0) or library.cuDeviceGetCount(ctypes.byref(count))
    return Driver(version, {0: count.value, NO_DEVICE: 0}.get(status))


def has_cudnn() -> bool:
    """Whether CUDA 12's cuDNN is installed, by pip or in the system."""
    try:
        return bool(version("nvidia-cudnn-cu12"))
    except PackageNotFoundError:
        return find_library("cudnn") is not None


def no_cuda_message(
    framework: str, *, built: bool, install: str, built_for: str = "", libraries: bool = True
) -> str:
    """The message for a framework that sees no CUDA device: what is missing, and how to fix it.

    `built` says whether the installed version was built for CUDA, and `built_for` for which, as in
    "12.8" or "12"; `install` is the instruction that installs such a build. `libraries` says
    whether CUDA's own libraries are installed, of a framework that can be installed without.
    """
    if not has_driver():
        reason, remedy = NO_DRIVER, DRIVER_REMEDY
        reason += "" if built else f", and {CPU_BUILD}"
    elif not built:
        reason, remedy = CPU_BUILD, install
    elif not libraries:
        reason, remedy = "its CUDA build is installed without CUDA's libraries", install
    else:
        reason, remedy = _with_both(built_for)
    return f"{framework} {SEES_NONE}{reason}; {remedy}"


def _with_both(built_for: str) -> tuple[str, str]:
    """What is wrong, and the remedy, with a driver and a build for this version of CUDA."""
    driver = ask_driver()
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0") in ("", "-1"):
        return "CUDA_VISIBLE_DEVICES hides every GPU", "unset it, or name one"
    major = built_for.partition(".")[0]
    if driver.cuda and major.isdigit() and int(major) > driver.cuda[0]:
        runs = ".".join(map(str, driver.cuda))
        return (
            f"its build needs CUDA {built_for}, and NVIDIA's driver runs CUDA {runs} at most",
            f"update the driver, or make setup-gpu CUDA={driver.cuda[0]}",
        )
    if driver.gpus == 0:
        return (
            "its CUDA build and NVIDIA's driver are installed, and the driver finds no GPU",
            "see nvidia-smi; a container needs its GPUs passed in",
        )
    return (
        "its CUDA build and NVIDIA's driver are installed but find no GPU",
        "see nvidia-smi, the driver's CUDA version there, and CUDA_VISIBLE_DEVICES",
    )


if __name__ == "__main__":
    if not has_driver():
        print(f"{NO_DRIVER}: nothing was installed or run")
        sys.exit(1)
