"""Hold back the information that a library logs at import, whatever its log level is set to."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile

# TensorFlow logs that oneDNN is on before it has read TF_CPP_MIN_LOG_LEVEL.
INFORMATION = re.compile(rb"I0000 |WARNING: All log messages before absl::InitializeLog")


@contextmanager
def without_information() -> Iterator[None]:
    """Drop such lines from standard error; all others are shown when the block ends."""
    sys.stderr.flush()
    kept = os.dup(2)
    with TemporaryFile() as log:
        os.dup2(log.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            log.seek(0)
            for line in log:
                if not INFORMATION.match(line):
                    os.write(2, line)
