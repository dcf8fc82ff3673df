"""What Jittor needs before its first use: oneDNN, and its core compiled.

Run as `python -m common.set_up`; does nothing the second time. Compiled here, the core is not
compiled by the first test that imports Jittor, beside frameworks whose threads a fork may hang.
"""

import sys
from hashlib import md5
from importlib.util import find_spec

from common import onednn
from common.backends import JITTOR_CACHE
from common.examining import examine, installed_versions


def core_is_compiled() -> bool:
    """Whether the Jittor of this environment has compiled its core."""
    place = find_spec("jittor_utils")
    if place is None or place.origin is None:
        return False
    # Jittor keeps what it compiles under a hash of the place where it is installed.
    key = md5(place.origin.encode(), usedforsecurity=False).hexdigest()[:4]
    return any(onednn.home().glob(f"jt*/**/{key}/{JITTOR_CACHE}/jittor_core*.so"))


def set_up() -> None:
    """Provide oneDNN and compile the core, where Jittor is installed; a failure is only told."""
    if not installed_versions("jittor"):
        return
    onednn.provide()
    if core_is_compiled():
        return
    print("Jittor: compiling its core; this takes about two minutes, once", flush=True)
    report = examine("jittor")
    if report["problem"]:
        print(f"WARNING: Jittor: {report['problem']}; {report['remedy']}", file=sys.stderr)


if __name__ == "__main__":
    set_up()
