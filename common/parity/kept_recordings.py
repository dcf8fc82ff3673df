"""Recordings of a run that was stopped, kept for the same command to go on from."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from typing import Any

from common import ROOT, UsageError
from common.backends import BACKENDS
from common.backends.inspection import installed_versions
from common.backends.xla_cache import processor
from common.files import make_folder, remove_unfinished, write_bytes
from common.parity.tasks import Plan

FOLDER, LOCK = "recordings", "lock"
MADE_BY = "made-by.json"


@contextmanager
def recordings_of(plan: Plan, out: Path) -> Iterator[Path]:
    """The folder for the recordings of a run, with those that an earlier one left and it may use.

    What other code, versions, settings or another machine recorded is removed; so is all of it,
    once the run is complete.

    Raises:
        UsageError: the folder cannot be written to, or another run is recording into it.
    """
    folder = make_folder(out / FOLDER)
    with _alone(folder):
        now = fingerprint(plan)
        if _read(folder / MADE_BY) != now:
            _empty(folder)
            write_bytes(folder / MADE_BY, json.dumps(now, indent=1).encode())
        remove_unfinished(folder)
        yield folder
        rmtree(folder, ignore_errors=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """While this lasts, no other process is in here; it ends with the process, however that ends.

    Raises:
        UsageError: another process is.
    """
    with (folder / LOCK).open("w") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except OSError:
            raise UsageError(
                f"{folder.parent}: another rosetta parity is recording into it; wait until it has "
                "ended, or name another folder with --out"
            ) from None
        yield


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            rmtree(path)
        elif path.name != LOCK:
            path.unlink()


def fingerprint(plan: Plan) -> dict[str, Any]:
    """All that a recording depends on besides its task: where it differs, none is used again."""
    return {
        "code": _checksum(),
        "versions": {name: installed_versions(name) for name in BACKENDS},
        "python": sys.version,
        "processor": processor(),
        "seed": plan.seed,
        "settings": list(plan.settings),
        "interpreters": sorted({repr(job.by) for job in plan.jobs}),
    }


def _checksum() -> str:
    """Of all that records and judges."""
    digest = sha256()
    for package in ("common", *(f"{name}_impl" for name in BACKENDS)):
        for path in sorted((ROOT / package).rglob("*.py")):
            digest.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None
