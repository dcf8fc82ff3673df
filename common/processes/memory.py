"""What this process has used, and what this machine has left."""

import resource
import sys
from pathlib import Path

# Linux counts the resident memory of a process in kilobytes, macOS in bytes.
_UNIT = 1 if sys.platform == "darwin" else 1024
_MEMORY = Path("/proc/meminfo")


def process_peak() -> int:
    """The most bytes of memory that this process has held at once."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT


def cpu_seconds() -> float:
    """What this process, and those that it started and that ended, have computed so far."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, who))


def available() -> int | None:
    """The bytes that processes can still take without swapping; None where Linux does not say."""
    try:
        lines = _MEMORY.read_text().splitlines()
    except OSError:
        return None
    sizes = (line.split()[1] for line in lines if line.startswith("MemAvailable:"))
    return next((int(kilobytes) * 1024 for kilobytes in sizes), None)
