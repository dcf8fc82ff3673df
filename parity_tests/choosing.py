"""Backends for the tests: one import order, one configuration, no silent skips."""

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from common.backends import BACKENDS, Backend, load, prepare_environment
from common.child import share_of_threads

# --save-pins and what the marker `pins` does; which tests go to one worker.
pytest_plugins = ["parity_tests.pinning", "parity_tests.spreading"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--backends",
        default=",".join(BACKENDS),
        help="run the tests of these backends only, as in torch,jax (default: all four)",
    )


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", None):
        _load_backends(config)


def _load_backends(config: pytest.Config) -> None:
    # Compiling is most of what JAX costs here; full width alone runs what XLA makes by itself.
    variables = prepare_environment("cpu", quick=True, keep_compiled=True)
    if "PYTEST_XDIST_WORKER_COUNT" in os.environ:
        variables |= share_of_threads(int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))
    for name, value in variables.items():
        os.environ.setdefault(name, value)
    # PyTorch before TensorFlow: the other way round their OpenMP runtimes have clashed.
    for name in chosen_backends(config):
        load(name, device="cpu", dtype="float64", exact=True)
    # Jittor ends the process as soon as any child of it is killed.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def chosen_backends(config: pytest.Config) -> list[str]:
    names = config.getoption("--backends").split(",")
    return [name for name in BACKENDS if name in names]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "backend_name" in metafunc.fixturenames:
        metafunc.parametrize("backend_name", chosen_backends(metafunc.config), scope="session")


@pytest.fixture
def configured(backend_name: str) -> Iterator[Callable[[str], Backend]]:
    """The backend under test in the type asked for; float64 again afterwards."""

    def configure(dtype: str) -> Backend:
        return load(backend_name, device="cpu", dtype=dtype, exact=True)

    yield configure
    configure("float64")


@pytest.fixture
def backend(configured: Callable[[str], Backend]) -> Backend:
    """The backend under test, in float64."""
    return configured("float64")


@pytest.fixture(scope="session")
def backends(request: pytest.FixtureRequest) -> list[str]:
    """The names of all backends under test."""
    return chosen_backends(request.config)
