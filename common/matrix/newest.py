"""Whether what is pinned as newest still is."""

from collections.abc import Iterable, Mapping

from common.matrix.declaration import Environment
from common.setup.resolving import normalised, resolve


def show_newest(environments: Iterable[Environment]) -> int:
    """Print, for each environment, what would be chosen now; 1 if the index cannot say."""
    failed = 0
    for environment in environments:
        if not environment.newest:
            continue
        found = resolve(environment.newest, python=environment.python)
        if found.problem:
            print(f"{environment.name}: {found.problem}")
            failed = 1
        else:
            words = newer(environment, found.versions) or "nothing newer than what is pinned"
            print(f"{environment.name}: {words}")
    return failed


def newer(environment: Environment, versions: Mapping[str, str]) -> str:
    """The packages of which another version than the pinned one was chosen."""
    pins = environment.pins
    chosen = {name: versions.get(normalised(name), pins[name]) for name in environment.newest}
    return ", ".join(
        f"{name} {pins[name]} -> {version}"
        for name, version in chosen.items()
        if version != pins[name]
    )
