"""What is compiled before the first use, and whether it has been."""

import subprocess
import sys
from pathlib import Path
from subprocess import TimeoutExpired

import pytest

from common import ROOT
from common.processes.child import run_python
from common.setup import prepare_jittor

CORE = "jittor_core.cpython-311-x86_64-linux-gnu.so"


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine with Jittor, which keeps its core in a folder of the test; what is done there."""
    done: list[str] = []

    def examine(name: str) -> dict[str, str]:
        done.append(f"compile {name}")
        (tmp_path / CORE).touch()
        return {"problem": ""}

    monkeypatch.setattr(prepare_jittor, "run_python", lambda *_, **__: str(tmp_path))
    monkeypatch.setattr(prepare_jittor, "installed_versions", lambda name: {name: "1"})
    monkeypatch.setattr(prepare_jittor.onednn, "provide", lambda: done.append("provide oneDNN"))
    monkeypatch.setattr(prepare_jittor, "examine", examine)
    return done


def test_the_core_in_use_counts_as_compiled(need) -> None:
    need("jittor")
    assert prepare_jittor.core_is_compiled()


def test_the_core_is_looked_for_where_the_port_uses_it(need) -> None:
    need("jittor")
    script = (
        "import json\n"
        "from common.backends import load\n"
        "load('jittor', device='cpu', dtype='float32', exact=True)\n"
        "import jittor\n"
        "print()\n"
        "print(json.dumps(jittor.flags.cache_path))\n"
    )
    assert prepare_jittor.jittor_folder() == Path(
        run_python(["-c", script], variables={}, timeout=600)
    )


def test_the_core_of_another_machine_does_not_count_as_compiled(monkeypatch, tmp_path) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    (tmp_path / "there" / CORE).touch()
    monkeypatch.setattr(prepare_jittor, "run_python", lambda *_, **__: str(tmp_path / "here"))
    assert not prepare_jittor.core_is_compiled()
    monkeypatch.setattr(prepare_jittor, "run_python", lambda *_, **__: str(tmp_path / "there"))
    assert prepare_jittor.core_is_compiled()


@pytest.mark.parametrize("error", [RuntimeError("no g++"), TimeoutExpired("python", 60)])
def test_a_failing_jittor_counts_as_not_compiled(monkeypatch, error) -> None:
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(prepare_jittor, "run_python", fail)
    assert not prepare_jittor.core_is_compiled()


def test_onednn_comes_before_the_core_which_is_compiled_once(machine) -> None:
    prepare_jittor.prepare_jittor()
    assert machine == ["provide oneDNN", "compile jittor"]
    prepare_jittor.prepare_jittor()
    assert machine == ["provide oneDNN", "compile jittor", "provide oneDNN"]


def test_without_jittor_there_is_nothing_to_do(machine, monkeypatch) -> None:
    monkeypatch.setattr(prepare_jittor, "installed_versions", lambda name: {})
    prepare_jittor.prepare_jittor()
    assert machine == []


def test_a_core_that_cannot_be_compiled_is_reported(machine, monkeypatch, capsys) -> None:
    report = {"problem": "import fails", "remedy": "install g++"}
    monkeypatch.setattr(prepare_jittor, "examine", lambda name: report)
    prepare_jittor.prepare_jittor()
    assert "WARNING: Jittor: import fails; install g++" in capsys.readouterr().err


def test_set_up_imports_nothing_heavy() -> None:
    script = "import sys, common.setup.prepare_jittor; print(*filter(sys.modules.get, sys.modules))"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "common.backends.onednn" in loaded
    assert not loaded & {"numpy", "scipy", "rich", "typer", "torch", "jittor", "jittor_utils"}
