"""The files in which a framework's own users get the networks: what they are, how to load them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from common import UsageError
from common.files import make_folder
from common.systems import System

_TORCH = """\
import torch

networks = torch.load({path}, weights_only=True)
for network, tensors in networks.items():
    for name, tensor in tensors.items():
        print(network, name, tuple(tensor.shape))
"""
_KERAS = """\
import keras

folder = {generator}
model = keras.layers.TFSMLayer(folder, call_endpoint="serve", dtype="{dtype}")
samples = model(keras.random.{noise})
{show}
"""
_FLAX = """\
import jax
import orbax.checkpoint as ocp

networks = ocp.StandardCheckpointer().restore({path})
for keys, array in jax.tree.leaves_with_path(networks):
    print(jax.tree_util.keystr(keys, simple=True, separator="."), array.shape)
"""
_JITTOR = """\
import jittor as jt

networks = jt.load({path})
for network, tensors in networks.items():
    for name, tensor in tensors.items():
        print(network, name, tensor.shape)
"""
_NOISE = {
    "normal": 'normal({shape}, dtype="{dtype}")',
    "uniform": 'uniform({shape}, dtype="{dtype}")',
    "uniform_symmetric": 'uniform({shape}, minval=-1, maxval=1, dtype="{dtype}")',
}


@dataclass(frozen=True)
class Format:
    """One framework's way of keeping networks."""

    name: str
    backend: str
    endings: tuple[str, ...]  # that the file's name may have; none where it is a folder
    script: str  # loads it


FORMATS = {
    form.name: form
    for form in (
        Format("torch", "torch", (".pt", ".pth"), _TORCH),
        Format("keras", "tf", (), _KERAS),
        Format("flax", "jax", (), _FLAX),
        Format("jittor", "jittor", (".pkl",), _JITTOR),
    )
}
_OF_FILES = (".keras", ".h5", ".pt", ".pth", ".pkl")


def find_format(name: str) -> Format:
    """The format of that name.

    Raises:
        UsageError: there is none.
    """
    if name not in FORMATS:
        raise UsageError(f"unknown format {name!r}; choose one of: {', '.join(FORMATS)}")
    return FORMATS[name]


def check_target(form: Format, path: Path) -> Path:
    """The path itself, fit to be written in that format.

    Raises:
        UsageError: something is there already, or the name ends in what the format is not.
    """
    if path.exists() or path.is_symlink():
        raise UsageError(f"{path}: is there already; remove it or name another")
    if form.endings and path.suffix not in form.endings:
        raise UsageError(f"{path}: {form.name} is a file; end its name in {form.endings[0]}")
    if not form.endings and path.suffix in _OF_FILES:
        raise UsageError(f"{path}: {form.name} is a folder; leave out the ending {path.suffix}")
    return path


def example(form: Format, path: Path, system: System, dtype: str) -> str:
    """A whole script that loads what was written there, for a process without this project."""
    is_image, shape = system.point_dim is None, (1, system.latent_dim)
    return form.script.format(
        path=_quoted(path.absolute()),
        generator=_quoted(path.absolute() / "generator"),
        noise=_NOISE[system.noise].format(shape=shape, dtype=dtype),
        dtype=dtype,
        show='keras.utils.save_img("sample.png", samples[0])' if is_image else "print(samples[0])",
    )


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A place to write a file or a folder of that name, which then moves to `path` in one move.

    Raises:
        UsageError: it cannot be written there; nothing is left behind, as on any other error.
    """
    parent = make_folder(path.parent)
    try:
        with TemporaryDirectory(dir=parent, prefix=f".{path.name}.") as folder:
            unfinished = Path(folder) / path.name
            yield unfinished
            unfinished.rename(path)
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(f"{path}: cannot be written ({reason}); choose another") from None


def _quoted(path: Path) -> str:
    return json.dumps(str(path), ensure_ascii=False)
