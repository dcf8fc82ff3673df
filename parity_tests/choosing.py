"""Backends for the tests: one import order, one configuration, no skip without a reason."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator

import pytest

from common import UsageError
from common.backends import BACKENDS, LESS, Backend, jittor_mpi, load, prepare_environment
from common.processes.child import share_of_threads


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
    variables = prepare_environment("cpu", effort=LESS, keep_compiled=True)
    if "PYTEST_XDIST_WORKER_COUNT" in os.environ:
        variables |= share_of_threads(int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))
    for name, value in variables.items():
        os.environ.setdefault(name, value)
    # PyTorch before TensorFlow: the other way round their OpenMP runtimes have clashed.
    for name in chosen_backends(config):
        try:
            load(name, device="cpu", dtype="float64", exact=True)
        except UsageError as error:
            raise pytest.UsageError(f"{error}; or leave {name} out by --backends") from None
    # Jittor ends the process as soon as any child of it is killed.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def chosen_backends(config: pytest.Config) -> list[str]:
    """The backends of --backends, in the order in which they are imported.

    Raises:
        pytest.UsageError: there is no such backend, or none is named.
    """
    names = [name.strip() for name in config.getoption("--backends").split(",")]
    if unknown := set(names) - set(BACKENDS):
        raise pytest.UsageError(
            f"--backends: unknown {', '.join(map(repr, sorted(unknown)))}; "
            f"choose some of: {', '.join(BACKENDS)}"
        )
    return [name for name in BACKENDS if name in names]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "backend_name" in metafunc.fixturenames:
        metafunc.parametrize("backend_name", chosen_backends(metafunc.config), scope="session")


@pytest.fixture
def configured(backend_name: str) -> Iterator[Callable[[str], Backend]]:
    """The backend under test in a chosen dtype; float64 again afterwards."""

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


@pytest.fixture(scope="session")
def need(backends: list[str]) -> Callable[..., None]:
    """Skips a test, with the reason, where --backends left out one that it names."""

    def check(*names: str) -> None:
        if missing := [name for name in names if name not in backends]:
            pytest.skip(f"needs {', '.join(missing)}, left out by --backends")

    return check


@pytest.fixture(scope="session")
def need_mpi() -> Callable[..., None]:
    """Skips a test that needs Open MPI where there is none, or fails it where it is required."""

    def check() -> None:
        if shutil.which("mpirun") and shutil.which("mpicc"):
            return
        if os.environ.get("ROSETTA_MPI") == "required":
            pytest.fail(f"ROSETTA_MPI=required, but there is no Open MPI: {jittor_mpi.INSTALL}")
        pytest.skip(jittor_mpi.INSTALL)

    return check
