"""The images of a folder, of any size and mode."""

import os
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.text import Text

from common import UsageError
from common.data.dataset import Dataset, Samples, fingerprint_of
from common.data.transforms import image_transform, to_8_bit
from common.systems import System

MANY = 1000  # with this many images, checking them shows a progress bar
BLOCK = 250  # images checked between two updates of the progress bar
NAMED = 3  # unreadable files listed in the warning


def load(where: str, system: System) -> Dataset:
    """The images below a folder, in the order of their relative paths.

    These are the files with an extension that Pillow reads. Each is decoded once here, so that
    unreadable ones are left out with a warning before the run begins, and again for each batch.

    Raises:
        UsageError: there is no such folder, or no readable image below it.
    """
    transform = image_transform(system)
    root = Path(where).expanduser()
    decoders = ThreadPoolExecutor(thread_name_prefix="decode")
    paths = _readable(root, _images_below(root), decoders)

    def sample(index: int) -> Samples:
        try:
            picture = _decode(paths[index])
        except Exception as error:
            raise UsageError(
                f"{paths[index]}: was readable when the run began and is not now ({error}); "
                "put it back"
            ) from None
        return transform(picture)

    sizes = [(_relative(path, root), path.stat().st_size) for path in paths]
    identity = fingerprint_of("folder", *(part for pair in sizes for part in pair))
    return Dataset(f"folder:{where}", len(paths), sample, identity, decoders)


def _images_below(root: Path) -> list[Path]:
    # os.path returns False for a name that is too long or unreadable, where pathlib raises.
    if not os.path.isdir(root):
        what = "is a file" if os.path.exists(root) else "no such folder"
        raise UsageError(f"folder:{root}: {what}; name a folder of images")
    extensions = {
        extension for extension, kind in Image.registered_extensions().items() if kind in Image.OPEN
    }
    paths = [p for p in root.rglob("*") if p.suffix.lower() in extensions and p.is_file()]
    if not paths:
        raise UsageError(f"folder:{root}: holds no images; name a folder of PNG or JPEG files")
    return sorted(paths, key=lambda path: _relative(path, root))


def _readable(root: Path, paths: Sequence[Path], decoders: Executor) -> list[Path]:
    """The paths whose image can be decoded; a warning on stderr lists the others."""
    console = Console(stderr=True)
    blocks = track(
        [paths[start : start + BLOCK] for start in range(0, len(paths), BLOCK)],
        "checking images",
        console=console,
        transient=True,
        disable=len(paths) < MANY or not console.is_terminal,
    )
    fine = [good for block in blocks for good in decoders.map(_decodes, block)]
    readable = [path for path, good in zip(paths, fine, strict=True) if good]
    if not readable:
        raise UsageError(
            f"folder:{root}: none of its {len(paths)} images can be read; are they damaged?"
        )
    _warn(root, [path for path, good in zip(paths, fine, strict=True) if not good], len(paths))
    return readable


def _warn(root: Path, broken: Sequence[Path], count: int) -> None:
    if not broken:
        return
    names = [repr(_relative(path, root)) for path in broken[:NAMED]]
    named = ", ".join(names if len(broken) <= NAMED else [*names, "…"])
    line = f"folder:{root}: {len(broken)} of {count} images cannot be read, left out: {named}"
    Console(stderr=True).print(Text.assemble(("warning: ", "yellow"), line), soft_wrap=True)


def _decodes(path: Path) -> bool:
    # Pillow's plugins raise anything from SyntaxError to struct.error.
    try:
        _decode(path)
    except Exception:
        return False
    return True


def _decode(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return to_8_bit(picture)


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
