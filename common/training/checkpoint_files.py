"""The checkpoint files of a run: the last few by step, the newest and the best."""

import os
import shutil
from pathlib import Path

from common import UsageError
from common.files import UNFINISHED
from common.training.checkpoint import Checkpoint, save_checkpoint
from common.training.options import Run, by_step


def save(run: Run, checkpoint: Checkpoint, backend: str, *, best: bool = False) -> Path:
    """Write a checkpoint under its step number and as the newest; delete the oldest ones.

    Raises:
        UsageError: it cannot be written; the older ones are unchanged.
    """
    path = run.checkpoint_folder / f"step-{checkpoint.step:06d}.safetensors"
    save_checkpoint(path, checkpoint, backend)
    _link(run.checkpoint_path, path)
    if best:
        _link(run.best_path, path)
    for old in by_step(run.checkpoint_folder.glob("step-*.safetensors"))[: -run.keep]:
        old.unlink()
    return path


def _link(name: Path, target: Path) -> None:
    """Give a file a second name atomically, as a hard link if the file system allows."""
    temporary = name.with_name(f".{name.name}{UNFINISHED}")
    temporary.unlink(missing_ok=True)
    try:
        try:
            os.link(target, temporary)
        except OSError:  # a file system without hard links
            shutil.copyfile(target, temporary)
        temporary.replace(name)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UsageError(f"{name}: cannot be written ({error.strerror})") from None
