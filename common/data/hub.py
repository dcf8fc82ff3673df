"""Images from the Hugging Face hub, or from a folder written by its library `datasets`."""

import os
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from textwrap import shorten
from typing import Any

from rich.console import Console

from common import UsageError
from common.data.dataset import Dataset, Samples, fingerprint_of
from common.data.locations import split_location
from common.data.transforms import image_transform, to_8_bit
from common.systems import System

WIDTH = 300  # characters of the library's error message to show


def load(where: str, system: System) -> Dataset:
    """The images of "NAME" or "NAME:SPLIT", each decoded when it is needed.

    NAME is a name on the hub, or a folder written by `save_to_disk`; the default split is
    "train". Of several image columns the first is used.

    Raises:
        UsageError: the library is missing, the data set or its split cannot be loaded, or no
            column holds images.
    """
    transform = image_transform(system)
    place, split = split_location(where)
    with _quietly():
        table = (_saved if os.path.exists(place) else _published)(place, split)
    column = _image_column(where, table)
    pictures = table.with_format(None).select_columns(column)

    def sample(index: int) -> Samples:
        # Pillow's plugins raise anything from SyntaxError to struct.error.
        try:
            stored = pictures[index][column]
            if stored is None:
                raise ValueError("there is none")
            picture = to_8_bit(stored)
        except Exception as error:
            raise UsageError(
                f"hf:{where}: the image of sample {index} cannot be read ({_short(error)}); "
                "filter it out with the library, and name what save_to_disk wrote"
            ) from None
        return transform(picture)

    identity = fingerprint_of("hf", table._fingerprint, str(table.split))
    decoders = ThreadPoolExecutor(thread_name_prefix="decode")
    return Dataset(f"hf:{where}", len(pictures), sample, identity, decoders)


def _saved(place: str, split: str | None) -> Any:
    """The split of the `Dataset` or `DatasetDict` in that folder."""
    import datasets

    try:
        saved = datasets.load_from_disk(place)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"hf:{place}: not a whole folder that save_to_disk wrote ({_short(error)}); for a "
            "folder of image files use folder:PATH"
        ) from None
    if isinstance(saved, datasets.DatasetDict):
        if (split or "train") not in saved:
            raise UsageError(
                f"hf:{place}: no split {split or 'train'!r}; name one as in hf:NAME:SPLIT, of: "
                f"{', '.join(saved)}"
            )
        return saved[split or "train"]
    if split is not None and split != str(saved.split):
        raise UsageError(f"hf:{place}: holds one data set without splits; leave out :{split}")
    return saved


def _published(name: str, split: str | None) -> Any:
    """The split of that data set on the hub, from the library's cache if it is there."""
    import datasets

    try:
        with Console(stderr=True).status(f"loading {name} from the Hugging Face hub"):
            return datasets.load_dataset(name, split=split or "train")
    except ConnectionError as error:
        raise UsageError(
            f"hf:{name}: the Hugging Face hub cannot be reached ({_short(error)}); connect, or "
            "use --data digits, folder:PATH or npz:PATH"
        ) from None
    except FileNotFoundError as error:
        raise UsageError(
            f"hf:{name}: no such folder, and not to be had from the Hugging Face hub "
            f"({_short(error)}); check the name, or log in with `hf auth login`"
        ) from None
    except Exception as error:  # the library's readers raise exceptions of many kinds
        raise UsageError(
            f"hf:{name}:{split or 'train'}: cannot be loaded ({_short(error)}); check the "
            "name and the split"
        ) from None


def _image_column(where: str, table: Any) -> str:
    import datasets

    features = dict(table.features)
    for name, feature in features.items():
        if isinstance(feature, datasets.Image):
            return str(name)
    raise UsageError(
        f"hf:{where}: none of its columns holds images: {', '.join(features)}; cast one to "
        "datasets.Image, and name what save_to_disk wrote"
    )


@contextmanager
def _quietly() -> Iterator[None]:
    """Silence both libraries' progress bars, log lines and warnings, then restore them."""
    try:
        import datasets.utils
        import huggingface_hub.utils
    except ImportError as error:
        raise UsageError(
            f"hf: needs the library datasets ({error}); pip install 'gan-rosetta[data]'"
        ) from None
    libraries: list[Any] = [datasets.utils, huggingface_hub.utils]
    levels = [library.logging.get_verbosity() for library in libraries]
    bars = [not library.are_progress_bars_disabled() for library in libraries]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for library in libraries:
                library.logging.set_verbosity_error()
                library.disable_progress_bars()
            yield
    finally:
        for library, level, shown in zip(libraries, levels, bars, strict=True):
            library.logging.set_verbosity(level)
            if shown:
                library.enable_progress_bars()


def _short(error: Exception) -> str:
    return shorten(str(error), WIDTH, placeholder=" …")
