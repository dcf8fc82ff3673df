"""Load a data set by name: a built-in one, or one whose name contains its location."""

from collections.abc import Callable

from common import unknown
from common.data import arrays, folder, hub
from common.data.dataset import Dataset
from common.data.offline import OFFLINE
from common.systems import System

FORMS: dict[str, Callable[[str, System], Dataset]] = {
    "hf:NAME[:SPLIT]": hub.load,
    "folder:PATH": folder.load,
    "npz:PATH[:KEY]": arrays.load,
}
POINT_FORMS = {"npz:PATH[:KEY]": arrays.load}


def default_data(system: System) -> str:
    """The data set that a system is trained on if none is named; it needs no network."""
    return next(iter(OFFLINE[system.point_dim]))


def load_dataset(name: str, system: System, seed: int) -> Dataset:
    """The data set of that name, fitted to the system.

    A name is one of `OFFLINE`, or has one of the forms of `FORMS`; systems of points take arrays
    only.

    Raises:
        UsageError: there is no such data set for that system, or it cannot be read.
    """
    offline = OFFLINE[system.point_dim]
    if name in offline:
        return offline[name](system, seed)
    forms = FORMS if system.point_dim is None else POINT_FORMS
    kind, _, where = name.partition(":")
    for form, load in forms.items():
        if where and form.startswith(f"{kind}:"):
            return load(where, system)
    raise unknown(f"data set for {system.name}:", name, [*offline, *forms])
