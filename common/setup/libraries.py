"""The libraries beside the frameworks: which are missing here, and the line that installs them."""

from collections.abc import Iterable, Sequence
from importlib.util import find_spec

from common import UsageError

# By the name under which Python imports them; all others are installed by that name.
INSTALLED_AS = {"PIL": "pillow", "sklearn": "scikit-learn"}
OURS = ("common", "torch_impl", "tf_impl", "jax_impl", "jittor_impl")


def missing(modules: Iterable[str]) -> list[str]:
    """Those that are not installed, by the names under which pip knows them."""
    return [_installed_as(module) for module in modules if find_spec(module) is None]


def require(what: str, modules: Sequence[str], *, also: Sequence[str] = ()) -> None:
    """Nothing, where every module can be imported; `also` only joins the line that installs.

    Raises:
        UsageError: names all that are missing, and installs them in one line.
    """
    if lacking := missing(modules):
        wanted = " ".join((*lacking, *missing(also)))
        raise UsageError(
            f"{what} needs {', '.join(lacking)}, not installed here; pip install {wanted}"
        )


def absent(error: ImportError, *, besides: Sequence[str] = ()) -> str | None:
    """The line for a library that an import did not find.

    None where the fault is another, or what is missing is a module of this project or `besides`.
    """
    module = (error.name or "").partition(".")[0]
    if not isinstance(error, ModuleNotFoundError) or module in ("", *OURS, *besides):
        return None
    name = _installed_as(module)
    return f"{name} is not installed here; pip install {name}"


def _installed_as(module: str) -> str:
    return INSTALLED_AS.get(module, module)
