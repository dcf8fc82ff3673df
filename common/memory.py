"""The memory of this process."""

import resource
import sys

# Linux counts the resident memory of a process in kilobytes, macOS in bytes.
_UNIT = 1 if sys.platform == "darwin" else 1024


def process_peak() -> int:
    """The most bytes of memory that this process has held at once."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT
