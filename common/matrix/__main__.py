"""`make parity-matrix`: the same comparison in several environments.

`python -m common.matrix` runs in the environment that `make setup` made. Those that
.constraints/matrix.toml declares are built beside it, and every system is recorded in all of them.
"""

import sys
from argparse import ArgumentParser
from pathlib import Path

from common import UsageError
from common.matrix.building import find_python
from common.matrix.declaration import Environment, choose, declared
from common.matrix.newest import show_newest
from common.matrix.running import build_all, run_matrix
from common.systems import find_system


def main() -> int:
    """Do what the command line says; 1 if something disagrees or cannot be built."""
    parser = ArgumentParser(prog="python -m common.matrix", description=__doc__)
    parser.add_argument("systems", nargs="*", help="as in `rosetta systems`; default: all")
    parser.add_argument("--environments", default="", help="as in newest,oldest; default: all")
    parser.add_argument("--out", type=Path, default=Path("matrix-report"), help="for the report")
    parser.add_argument("--docs", type=Path, help="write the book's page of a whole run here")
    parser.add_argument("--newest", action="store_true", help="only ask for newer releases")
    given = parser.parse_args()
    environments = choose(declared(), given.environments)
    for name in given.systems:
        find_system(name)
    if given.newest:
        return show_newest(environments)
    available = _available(environments)
    built = build_all(available)
    docs = given.docs
    if docs and (given.systems or len(built) < len(declared())):
        print(f"{docs} stays as it is: not all systems and environments are in this run")
        docs = None
    status = run_matrix(built, given.systems, given.out, docs=docs)
    return status or int(len(built) < len(available))


def _available(environments: list[Environment]) -> dict[Environment, str]:
    """Each environment with the Python to make it with; says which have none here."""
    found = {}
    for environment in environments:
        python = find_python(environment.python)
        if python is None:
            version = environment.python
            print(
                f"{environment.name} left out: no Python {version} here; put a python{version} "
                f"on the PATH that has venv, as from apt-get install python{version}-venv or pyenv"
            )
        else:
            found[environment] = python
    return found


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
