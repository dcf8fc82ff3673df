"""Which tests go to one worker of pytest-xdist together, and which of them first."""

import re
from collections.abc import Callable
from pathlib import PurePosixPath

import pytest

from common.backends import BACKENDS

# Those that take longest go first, so that no worker is left alone with one of them at the end.
LONGEST = ("networks", "stopping", "golden", "command_line", "resuming", "bench", "training")
# A file stays with one worker, but these may be split: by test, or by backend.
BY_TEST = (
    "bench",
    "command_line",
    "export",
    "many_devices",
    "run_commands",
    "stopping",
    "training",
)
BY_BACKEND = ("golden", "interop")
# These share a worker, because each worker would build the book again.
OF_THE_BOOK = re.compile(r"docs|book_.*")


def name_of(path: str) -> str:
    """The subject of a test file, as in losses."""
    return PurePosixPath(path).stem.removeprefix("test_")


def group_of(node_id: str) -> str:
    """The group of tests that stay on one worker; by file, by test or by backend."""
    path, _, test = node_id.partition("::")
    name, parts = name_of(path), re.split(r"[\[\]-]", test)
    if OF_THE_BOOK.fullmatch(name):
        return "book"
    if name in BY_TEST:
        return f"{name}/{parts[0]}"
    if name in BY_BACKEND:
        return f"{name}/{next((part for part in parts if part in BACKENDS), '')}"
    return name


# xdist 3.8 names its own groups (--dist loadgroup) by an attribute that pytest 9.2 no longer reads.
@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Callable[..., object]) -> object:
    """The groups above, whatever --dist says, in the order of the tests."""
    # Tests in one process need no xdist.
    from xdist.scheduler import LoadScopeScheduling

    class Spreading(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    config.option.loadscopereorder = False
    return Spreading(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first and keep files together, whatever their parameters."""

    def place(item: pytest.Item) -> tuple[int, str]:
        name = name_of(item.nodeid.partition("::")[0])
        return (LONGEST.index(name) if name in LONGEST else len(LONGEST)), name

    items.sort(key=place)
