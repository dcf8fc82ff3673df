"""The memory and time used by this process, and the memory available."""

import resource
import sys
from pathlib import Path

# Linux counts the resident memory of a process in kilobytes, macOS in bytes.
_UNIT = 1 if sys.platform == "darwin" else 1024
_MEMORY = Path("/proc/meminfo")


def process_peak() -> int:
    """The peak memory of this process, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT


def cpu_seconds() -> float:
    """The CPU time of this process and of its children that have ended."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, who))


def available() -> int | None:
    """The memory available without swapping, in bytes; None on systems other than Linux."""
    try:
        lines = _MEMORY.read_text().splitlines()
    except OSError:
        return None
    sizes = (line.split()[1] for line in lines if line.startswith("MemAvailable:"))
    return next((int(kilobytes) * 1024 for kilobytes in sizes), None)
