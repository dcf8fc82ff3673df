"""Libraries other than the frameworks: which are missing, and the command that installs them."""

from collections.abc import Iterable, Sequence
from importlib.util import find_spec

from common import UsageError

# By import name, where pip knows the package by another name.
INSTALLED_AS = {"PIL": "pillow", "sklearn": "scikit-learn"}
OURS = ("common", "torch_impl", "tf_impl", "jax_impl", "jittor_impl")


def missing(modules: Iterable[str]) -> list[str]:
    """The modules that are not installed, by their names in pip."""
    return [_installed_as(module) for module in modules if find_spec(module) is None]


def require(what: str, modules: Sequence[str], *, also: Sequence[str] = ()) -> None:
    """Check that every module can be imported; `also` is only added to the install command.

    Raises:
        UsageError: lists all missing ones, with one command that installs them.
    """
    if absent := missing(modules):
        wanted = " ".join((*absent, *missing(also)))
        raise UsageError(
            f"{what} needs {', '.join(absent)}, not installed here; pip install {wanted}"
        )


def missing_library_message(error: ImportError, *, besides: Sequence[str] = ()) -> str | None:
    """The message for a library that an import did not find.

    None for any other error, and if the missing module belongs to this project or `besides`.
    """
    module = (error.name or "").partition(".")[0]
    if not isinstance(error, ModuleNotFoundError) or module in ("", *OURS, *besides):
        return None
    name = _installed_as(module)
    return f"{name} is not installed here; pip install {name}"


def _installed_as(module: str) -> str:
    return INSTALLED_AS.get(module, module)
