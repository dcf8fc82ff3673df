"""On a machine that lacks a library, a command runs without it or says so in one line."""

import ast
import os
import subprocess
import sys

import pytest

from common import ROOT
from common.backends.libraries import INSTALLED_AS, missing_library_message
from common.cli.application import load_commands
from common.cli.commands import BASE, COMMANDS
from common.files.tensors import read_tensors

LIBRARIES = (
    *("typer", "rich", "numpy", "scipy", "PIL", "matplotlib", "sklearn", "safetensors"),
    *("tensorboardX", "datasets"),
)
HIDE = "import os, sys\nsys.modules.update(dict.fromkeys(os.environ['HIDDEN'].split()))\n"
CALLS = {
    "--help": ["--help"],
    "systems": ["systems"],
    "params": ["params", "lsgan_mlp"],
    "doctor": ["doctor", "--help"],
    "record": ["record", "torch", "lsgan_mlp", "--out", "OUT"],
    "compare": ["compare", "nowhere.safetensors", "--out", "OUT"],
    "parity": ["parity", "lsgan_mlp", "--backends", "torch", "--out", "OUT"],
    "train": ["train", "torch", "lsgan_mlp", "--steps", "1", "--out", "OUT"],
}


@pytest.fixture
def without(tmp_path):
    """The command in a process of its own in which these libraries cannot be imported."""
    folder = tmp_path / "hiding"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(HIDE)
    path = os.pathsep.join((str(folder), str(ROOT)))

    def run(libraries, arguments):
        command = [argument.replace("OUT", str(tmp_path / "out")) for argument in arguments]
        return subprocess.run(
            [sys.executable, "-m", "common", *command],
            env={**os.environ, "PYTHONPATH": path, "HIDDEN": " ".join(libraries)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def needs(call: str) -> tuple[str, ...]:
    return (*BASE, *(COMMANDS[call].needs if call in COMMANDS else ()))


MISSING = [(library, call) for call in CALLS for library in LIBRARIES if library in needs(call)]


@pytest.mark.parametrize(("library", "call"), MISSING)
def test_a_missing_library_is_a_one_line_error_with_its_remedy(
    without, tmp_path, library, call
) -> None:
    answer = without([library], CALLS[call])
    name = INSTALLED_AS.get(library, library)
    assert answer.returncode == 2, answer.stderr
    assert len(answer.stderr.strip().splitlines()) == 1, answer.stderr
    assert f"needs {name}, not installed here; pip install {name}" in answer.stderr
    assert not answer.stdout
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("call", CALLS)
def test_without_any_library_one_line_names_all_that_a_command_needs(without, call) -> None:
    answer = without(LIBRARIES, CALLS[call])
    assert answer.returncode == 2
    (line,) = answer.stderr.strip().splitlines()
    uses = COMMANDS[call].uses if call in COMMANDS else ()
    wanted = [INSTALLED_AS.get(name, name) for name in (*needs(call), *uses)]
    assert line.endswith(f"; pip install {' '.join(wanted)}")


@pytest.mark.parametrize("call", ["--help", "systems", "params", "doctor"])
def test_listings_need_no_other_library(without, call) -> None:
    others = [library for library in LIBRARIES if library not in BASE]
    answer = without(others, CALLS[call])
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout


def test_the_libraries_of_a_command_are_all_it_needs(without, tmp_path, backends) -> None:
    """The help of every command, and a recording."""
    for name, command in COMMANDS.items():
        hidden = [library for library in LIBRARIES if library not in (*BASE, *command.needs)]
        answer = without(hidden, [name, "--help"])
        assert answer.returncode == 0, (name, answer.stderr)
    call = ["record", backends[0], "lsgan_mlp", "--out", "OUT"]
    hidden = [library for library in LIBRARIES if library not in needs("record")]
    # TensorFlow and JAX import SciPy themselves.
    answer = without([name for name in hidden if name != "scipy"], call)
    assert answer.returncode == 0, answer.stderr
    assert read_tensors(tmp_path / "out")[0]


def test_a_data_set_s_library_is_named_before_the_folder_is_made(without, tmp_path) -> None:
    answer = without(["sklearn"], CALLS["train"])
    assert answer.returncode == 2
    (line,) = answer.stderr.strip().splitlines()
    assert line == "error: scikit-learn is not installed here; pip install scikit-learn"
    assert not (tmp_path / "out").exists()


def test_evaluations_ask_for_their_libraries_before_the_folder_is_made(without, tmp_path) -> None:
    call = [*CALLS["train"], "--data", "noise", "--evaluate-every", "1"]
    answer = without(["sklearn"], call)
    assert answer.returncode == 2
    (line,) = answer.stderr.strip().splitlines()
    assert line.startswith("error: --evaluate-every needs scikit-learn")
    assert not (tmp_path / "out").exists()


def test_without_tensorboardx_a_run_trains_and_says_that_it_has_no_events(
    without, tmp_path, backends
) -> None:
    small = ["--generator-features", "4", "--discriminator-features", "4", "--batch-size", "8"]
    call = ["train", backends[0], "lsgan_mlp", *small, "--steps", "1", "--out", "OUT"]
    answer = without(["tensorboardX"], call)
    assert answer.returncode == 0, answer.stderr
    notice = "training without TensorBoard events: tensorboardX is not installed here"
    assert f"{notice}; pip install tensorboardX" in answer.stderr
    assert "tensorboard/" not in answer.stdout
    assert (tmp_path / "out" / "metrics.jsonl").read_text()
    assert not (tmp_path / "out" / "tensorboard").exists()
    call[call.index("--steps") + 1] = "2"
    assert without([], [*call, "--resume"]).returncode == 0
    assert list((tmp_path / "out" / "tensorboard").iterdir())


def test_a_library_of_a_library_is_named_and_an_internal_error_is_not() -> None:
    def line(name: str) -> str | None:
        return missing_library_message(
            ModuleNotFoundError(f"No module named {name!r}", name=name), besides=["jax"]
        )

    assert line("pydantic.main") == "pydantic is not installed here; pip install pydantic"
    assert line("common.nothing") is None
    assert line("jax") is None
    assert missing_library_message(ImportError("cannot load libcudart.so", name="pydantic")) is None


def test_the_table_of_commands_has_the_first_line_of_their_help() -> None:
    loaded = load_commands()
    assert set(loaded) == set(COMMANDS)
    for name, command in loaded.items():
        assert command.callback.__module__ == f"common.cli.{COMMANDS[name].module}"
        assert command.help.split("\n\n")[0].replace("\n", " ") == COMMANDS[name].summary


def test_the_table_of_commands_has_every_module() -> None:
    for path in (ROOT / "common" / "cli").glob("*.py"):
        decorators = [
            ast.unparse(decorator)
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.FunctionDef)
            for decorator in node.decorator_list
        ]
        if any(text.startswith("app.command") for text in decorators):
            assert path.stem in {command.module for command in COMMANDS.values()}
