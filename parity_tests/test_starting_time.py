"""Help, listings and errors appear immediately: nothing is imported that they do not use."""

import os
import resource
import subprocess
import sys

import numpy as np
import pytest

from common import ROOT
from common.cli.commands import COMMANDS
from common.files.tensors import write_tensors

FRAMEWORKS = ("torch", "tensorflow", "keras", "jax", "flax", "optax", "jittor")
HEAVY = {
    *FRAMEWORKS,
    *("numpy", "safetensors", "scipy", "sklearn", "matplotlib", "PIL", "tensorboardX", "datasets"),
    *("urllib.request", "http", "ssl"),
}
HELP = {"typer.rich_utils", "rich.markdown"}  # what Typer draws its pages and its refusals with
PAGES = [["--help"], *([name, "--help"] for name in COMMANDS)]
REFUSED_BY_TYPER = [
    ["nosuch"],
    ["systems", "--nosuch"],
    ["record", "torch", "--nosuch", "--out", "x"],
    ["train", "torch"],
]
LISTINGS = [
    ["systems"],
    ["systems", "--json"],
    ["params", "lsgan_mlp"],
    ["idioms"],
    ["idioms", "steps.generator_gradients"],
]
REFUSED = [
    ["params", "nosuch"],
    ["params", "lsgan_mlp", "--set", "depth=3"],
    ["idioms", "steps.nosuch"],
    ["doctor", "--device", "tpu"],
    ["parity", "nosuch"],
    ["parity", "--kind", "nosuch"],
    ["parity", "--backends", "torch,nosuch"],
    ["record", "nosuch", "--out", "x"],
    ["record", "torch", "nosuch", "--out", "x"],
    ["match", "nofile", "nofile"],
    ["compare", "nofile"],
    ["compare", "nofile.json"],
    ["controls", "--device", "tpu"],
    ["card", "nosuch"],
    ["step", "torch", "lsgan_mlp", "--inputs", "nofile", "--outputs", "x"],
    ["train", "nosuch", "x", "--data", "y", "--steps", "1", "--out", "z"],
    ["train", "torch", "lsgan_mlp", "--nosuch", "1", "--steps", "1", "--out", "z"],
    ["sample", "nofile", "torch", "--out", "x.png"],
    ["evaluate", "nofile", "torch"],
    ["export", "nofile", "torch", "--out", "x.pt"],
    ["bench", "nosuch"],
    ["eject", "nosuch", "lsgan_mlp", "--out", "x.py"],
    ["eject", "torch", "nosuch", "--out", "x.py"],
    ["eject", "torch", "lsgan_mlp", "--out", "x"],
]
LIBRARIES_ALONE = "import typer, pydantic, typer._adapters, typer.rich_utils"
# Measured: 1.3 for train --help and 1.0 for the refusal; with all imports at the top, 2.1 and 1.7.
SHARE = 1.6


@pytest.fixture
def run(tmp_path):
    """The interpreter in an empty folder, with this project beside it."""

    def answer(*arguments):
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )

    return answer


@pytest.fixture
def imported_by(run):
    """The exit status of a command, and every module that it imported."""

    def modules(arguments):
        done = run("-X", "importtime", "-m", "common", *arguments)
        lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, {line.rpartition("|")[2].strip() for line in lines}

    return modules


def among(modules: set[str], unwanted: set[str]) -> set[str]:
    """Those that are unwanted, or lie in a package that is."""
    return {name for name in modules for wrong in unwanted if f"{name}.".startswith(f"{wrong}.")}


@pytest.mark.parametrize("arguments", [*PAGES, *REFUSED_BY_TYPER], ids=" ".join)
def test_a_page_of_help_imports_nothing_heavy(imported_by, arguments) -> None:
    status, modules = imported_by(arguments)
    assert status == (0 if "--help" in arguments else 2)
    assert modules >= HELP or "--help" not in arguments
    assert not among(modules, HEAVY)


@pytest.mark.parametrize("arguments", [*LISTINGS, *REFUSED], ids=" ".join)
def test_a_listing_or_a_refusal_imports_nothing_heavy(imported_by, tmp_path, arguments) -> None:
    status, modules = imported_by(arguments)
    assert status == (0 if arguments in LISTINGS else 2)
    assert "common.cli.application" in modules
    assert not among(modules, HEAVY | HELP)
    assert not list(tmp_path.iterdir())


def test_commands_that_read_a_file_import_numpy_and_safetensors(imported_by, tmp_path) -> None:
    write_tensors(tmp_path / "file", {"a": np.zeros(1)})
    for arguments in (["compare", "file"], ["sample", "file", "torch", "--out", "x.png"]):
        status, modules = imported_by(arguments)
        assert status == 2
        assert {"numpy", "safetensors"} <= among(modules, HEAVY)


def test_no_command_but_those_that_compute_imports_a_framework(imported_by, tmp_path) -> None:
    write_tensors(tmp_path / "file", {"a": np.zeros(1)})
    unknown = ["train", "torch", "lsgan_mlp", "--data", "nosuch", "--steps", "1", "--out", "x"]
    for arguments in (["compare", "file"], unknown):
        assert not among(imported_by(arguments)[1], set(FRAMEWORKS))


@pytest.mark.parametrize("arguments", [["train", "--help"], ["parity", "nosuch"]], ids=" ".join)
def test_most_of_the_starting_time_is_spent_in_libraries_of_the_command_line(
    run, arguments
) -> None:
    """In CPU seconds of the child processes, measured alternately: other load does not count."""

    def seconds(*arguments):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run(*arguments)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    pairs = [
        (seconds("-c", LIBRARIES_ALONE), seconds("-m", "common", *arguments)) for _ in range(5)
    ]
    libraries, ours = (min(times) for times in zip(*pairs, strict=True))
    assert ours < SHARE * libraries
