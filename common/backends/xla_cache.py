"""JAX's cache of compiled programs, shared by the processes of a parity run and of the tests."""

import platform
from hashlib import sha256
from pathlib import Path

CPU_INFO = Path("/proc/cpuinfo")


def compilation_cache() -> dict[str, str]:
    """The variables that make JAX keep every compiled program in the user's cache folder."""
    folder = Path.home() / ".cache" / "gan-rosetta" / f"xla-{processor()}"
    return {
        "JAX_COMPILATION_CACHE_DIR": str(folder),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }


def processor() -> str:
    """A hash of this processor's features: code compiled for another may not run here."""
    try:
        lines = CPU_INFO.read_text().splitlines()
    except OSError:
        lines = []
    features = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return sha256(f"{platform.machine()} {features}".encode()).hexdigest()[:12]


def processor_name() -> str:
    """The model of this processor, or its architecture where that is not known."""
    try:
        lines = CPU_INFO.read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
