"""The marker `pins`: the frameworks a test needs, what it measured, the file that keeps it."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from common.backends import load
from common.backends.inspection import installed_versions
from common.files import write_bytes

EFFECTS = pytest.StashKey[dict[str, float]]()
RESULTS = pytest.StashKey[dict[str, dict[str, Any]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--save-pins",
        metavar="FILE",
        help="keep in FILE what the passing tests with the marker pins measured, and on which "
        "versions; in one process only, as in pytest -m pins --save-pins FILE",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("save_pins") and config.getoption("numprocesses", None):
        raise pytest.UsageError("--save-pins works in one process: leave -n out")


@pytest.fixture(autouse=True)
def needs(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each pinning test names the frameworks that it pins, and finds and leaves them in float64."""
    marker = request.node.get_closest_marker("pins")
    wanted = marker.args if marker else ()
    if wanted:
        request.getfixturevalue("need")(*wanted)
    _in_float64(wanted)
    yield
    _in_float64(wanted)


@pytest.fixture
def effect(request: pytest.FixtureRequest) -> Callable[[str, float], None]:
    """Keeps the measured size of an effect, for the catalogue of differences."""
    kept = request.node.stash.setdefault(EFFECTS, {})

    def keep(label: str, value: float) -> None:
        kept[label] = float(f"{float(value):.4g}")

    return keep


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    marker = item.get_closest_marker("pins")
    if marker and report.when == "call" and report.passed:
        item.config.stash.setdefault(RESULTS, {})[item.originalname] = {
            "effects": item.stash.get(EFFECTS, {}),
            "versions": versions(marker.args),
            "date": date.today().isoformat(),
        }
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    path, results = session.config.getoption("save_pins"), session.config.stash.get(RESULTS, {})
    if path and results:
        text = json.dumps(results, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
        write_bytes(Path(path), f"{text}\n".encode())


def versions(backends: tuple[str, ...]) -> str:
    """The frameworks behind these backends with their versions, as one line."""
    installed = {key: value for name in backends for key, value in installed_versions(name).items()}
    return ", ".join(
        f"{key.removesuffix('-cpu')} {value.partition('+')[0]}" for key, value in installed.items()
    )


def _in_float64(names: tuple[str, ...]) -> None:
    for name in names:
        load(name, device="cpu", dtype="float64", exact=True)
