"""Which checkpoints of a run stay on the disk: the last few, the newest and the best."""

import os
import shutil
from pathlib import Path

from common import UsageError
from common.files import UNFINISHED
from common.training.checkpoint import Checkpoint, save_checkpoint
from common.training.options import Run, by_step


def save(run: Run, checkpoint: Checkpoint, backend: str, *, best: bool = False) -> Path:
    """Write a checkpoint under its step's name and as the newest; drop those that are too old.

    Raises:
        UsageError: it cannot be written; the older ones are left as they were.
    """
    path = run.checkpoint_folder / f"step-{checkpoint.step:06d}.safetensors"
    save_checkpoint(path, checkpoint, backend)
    _point(run.checkpoint_path, path)
    if best:
        _point(run.best_path, path)
    for old in by_step(run.checkpoint_folder.glob("step-*.safetensors"))[: -run.keep]:
        old.unlink()
    return path


def _point(name: Path, target: Path) -> None:
    """Give a file a second name in one move, without a second copy where the disk allows."""
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
