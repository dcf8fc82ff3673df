"""Check, create and atomically write files and folders."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from common import UsageError

UNFINISHED = ".unfinished"


def check_file(path: Path) -> Path:
    """The path itself, if it exists; it may still be unreadable.

    Raises:
        UsageError: it does not exist.
    """
    try:
        path.stat()
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file") from None
    except OSError:
        pass
    return path


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file atomically.

    Raises:
        UsageError: the folder or the file cannot be written; nothing is left behind.
    """
    make_folder(path.parent)
    if path.is_dir():
        raise UsageError(f"{path}: is a folder; name a file")
    temporary = None
    try:
        with NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", suffix=UNFINISHED, delete=False
        ) as file:
            temporary = Path(file.name)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise UsageError(f"{path}: cannot be written ({error.strerror}); choose another") from None


def remove_unfinished(folder: Path) -> None:
    """Remove the partly written files that killed processes left below that folder."""
    for path in folder.rglob(f".*{UNFINISHED}"):
        path.unlink(missing_ok=True)


def make_folder(folder: Path) -> Path:
    """The folder, created if it is missing.

    Raises:
        UsageError: it cannot be created or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{folder}: cannot be created as a folder ({error.strerror}); choose another"
        ) from None
    if not os.access(folder, os.W_OK):
        raise UsageError(f"{folder}: cannot be written to; choose another folder")
    return folder
