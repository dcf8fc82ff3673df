"""Jittor is given the headers of the running interpreter where it finds none by itself."""

import subprocess
import sys
import sysconfig

import pytest

from common import UsageError
from common.backends import load, prepare_environment, python_headers

NAME = f"python{sysconfig.get_python_version()}-config"


@pytest.fixture
def places(monkeypatch, tmp_path):
    """Empty folders for environment, system and interpreter, in the place of the real ones."""
    monkeypatch.delenv(python_headers.VARIABLE, raising=False)
    for name in ("environment", "system", "interpreter"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "environment" / "python"))
    monkeypatch.setattr(python_headers, "SYSTEM", (str(tmp_path / "system"),))
    variables = {"BINDIR": str(tmp_path / "interpreter"), "py_version_short": NAME[6:-7]}
    monkeypatch.setattr(sysconfig, "get_config_var", variables.get)
    return tmp_path


def test_the_script_of_the_interpreter_behind_a_virtual_environment_is_named(places) -> None:
    (places / "interpreter" / NAME).touch()
    expected = str(places / "interpreter" / NAME)
    assert prepare_environment("cpu")[python_headers.VARIABLE] == expected


@pytest.mark.parametrize("place", ["environment", "system"])
def test_a_script_that_jittor_finds_is_not_overridden(places, place) -> None:
    """With another path it would compile everything again."""
    (places / "interpreter" / NAME).touch()
    (places / place / NAME).touch()
    assert python_headers.VARIABLE not in prepare_environment("cpu")


def test_without_a_script_no_variable_is_set(places) -> None:
    assert python_headers.VARIABLE not in prepare_environment("cuda")


def test_the_user_s_own_choice_is_kept(places, monkeypatch) -> None:
    (places / "interpreter" / NAME).touch()
    monkeypatch.setenv(python_headers.VARIABLE, "/elsewhere/python-config")
    assert prepare_environment("cpu")[python_headers.VARIABLE] == "/elsewhere/python-config"


def test_the_script_names_the_headers_of_this_very_interpreter(places, monkeypatch) -> None:
    monkeypatch.undo()
    monkeypatch.delenv(python_headers.VARIABLE, raising=False)
    monkeypatch.setattr(python_headers, "SYSTEM", ())
    variables = python_headers.python_config()
    if not variables:
        pytest.skip(f"{NAME} is beside this interpreter, or not installed with it")
    command = [variables[python_headers.VARIABLE], "--includes"]
    includes = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert (
        f"-I{sysconfig.get_path('include', vars={'installed_base': sys.base_prefix})}" in includes
    )


def test_a_framework_that_exits_at_import_is_an_error(monkeypatch) -> None:
    """Jittor leaves with status 0 once it has rebuilt its core, and asks to be started again."""

    def import_module(name):
        sys.exit(0)

    monkeypatch.setattr("common.backends.import_module", import_module)
    with pytest.raises(UsageError, match="run the same command again"):
        load("jittor", device="cpu", dtype="float64", exact=True)
