"""Files and folders: there or not, and written whole or not at all."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from common import UsageError

UNFINISHED = ".unfinished"


def check_file(path: Path) -> Path:
    """The path itself; whether the file can be read, its reader says.

    Raises:
        UsageError: nothing is there.
    """
    try:
        path.stat()
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file") from None
    except OSError:
        pass
    return path


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file in one move.

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
    """Remove what killed processes were writing below that folder, and only that."""
    for path in folder.rglob(f".*{UNFINISHED}"):
        path.unlink(missing_ok=True)


def make_folder(folder: Path) -> Path:
    """The folder, made where it is missing.

    Raises:
        UsageError: it cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{folder}: cannot be made into a folder ({error.strerror}); choose another"
        ) from None
    if not os.access(folder, os.W_OK):
        raise UsageError(f"{folder}: cannot be written to; choose another folder")
    return folder
