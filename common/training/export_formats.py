"""The export formats of each framework, and example scripts that load them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from common import UsageError, unknown
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
    """One framework's format for saved networks."""

    name: str
    backend: str
    endings: tuple[str, ...]  # allowed extensions of the file; empty if it is a folder
    script: str  # an example that loads it


FORMATS = {
    form.name: form
    for form in (
        Format("torch", "torch", (".pt", ".pth"), _TORCH),
        Format("keras", "tf", (), _KERAS),
        Format("flax", "jax", (), _FLAX),
        Format("jittor", "jittor", (".pkl",), _JITTOR),
    )
}
BACKEND_NAMES = {"tf": "keras", "jax": "flax"}  # taken as formats too
_FILE_ENDINGS = (".keras", ".h5", ".pt", ".pth", ".pkl")


def find_format(name: str) -> Format:
    """The format of that name.

    Raises:
        UsageError: there is none.
    """
    name = BACKEND_NAMES.get(name, name)
    if name not in FORMATS:
        raise unknown("format", name, FORMATS)
    return FORMATS[name]


def check_target(form: Format, path: Path) -> Path:
    """The path itself, if it can be written in that format.

    Raises:
        UsageError: it exists already, or its extension does not fit the format.
    """
    if path.exists() or path.is_symlink():
        raise UsageError(f"{path}: is there already; remove it or name another")
    if form.endings and path.suffix not in form.endings:
        raise UsageError(f"{path}: {form.name} is a file; end its name in {form.endings[0]}")
    if not form.endings and path.suffix in _FILE_ENDINGS:
        raise UsageError(f"{path}: {form.name} is a folder; leave out the ending {path.suffix}")
    return path


def example(form: Format, path: Path, system: System, dtype: str) -> str:
    """A complete script that loads the exported file without this project."""
    is_image, shape = system.point_dim is None, (1, system.latent_dim)
    return form.script.format(
        path=_quoted(path.absolute()),
        generator=_quoted(path.absolute() / "generator"),
        noise=_NOISE[system.noise].format(shape=shape, dtype=dtype),
        dtype=dtype,
        show='keras.utils.save_img("sample.png", samples[0])' if is_image else "print(samples[0])",
    )


@contextmanager
def atomic_target(path: Path) -> Iterator[Path]:
    """A temporary path for a file or a folder, which is then moved to `path` atomically.

    Raises:
        UsageError: it cannot be written there; nothing is left behind, as on any other error.
    """
    parent = make_folder(path.parent)
    try:
        with TemporaryDirectory(dir=parent, prefix=f".{path.name}.") as folder:
            unfinished = Path(folder) / path.name
            yield unfinished
            unfinished.rename(path)
    # PyTorch and Orbax do not raise OSError where a disk is full.
    except (OSError, RuntimeError, ValueError) as error:
        reason = " ".join(str(getattr(error, "strerror", None) or error).split())[:200]
        raise UsageError(f"{path}: cannot be written ({reason}); choose another") from None


def _quoted(path: Path) -> str:
    return json.dumps(str(path), ensure_ascii=False)
