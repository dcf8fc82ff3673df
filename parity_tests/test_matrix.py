"""Environments of the parity matrix: what is declared, built, recorded and shown."""

import json
import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from io import StringIO
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

from common import ROOT, UsageError
from common.backends import BACKENDS
from common.cli.watching import Screen
from common.matrix import __main__ as command
from common.matrix import building, running
from common.matrix.building import build, describe, executable, find_python, is_built
from common.matrix.declaration import PINNED, Environment, choose, declared
from common.matrix.newest import newer
from common.matrix.page import condense, page
from common.matrix.running import plan
from common.parity.cases import cases
from common.parity.compare import compare
from common.parity.jobs import Interpreter
from common.parity.recorders import Kind, Recorder
from common.parity.results import Comparison
from common.parity.tasks import Group, Plan
from common.systems import SYSTEMS
from parity_tests.relabelling import Files
from parity_tests.test_watching import result

LEAST = re.compile(r"([\w-]+)>=([\d.]+)")
GOOD = """
[old]
about = "old ones"
python = "3.11"
packages = ["jax==0.7.1", "numpy==1.26.0"]
"""
HERE = Interpreter(PINNED, sys.executable, (("python", "3.11.7"), ("torch", "2.13.0+cpu")))
OLD = Environment("old", "old ones", "3.11", ("jax==0.7.1", "numpy==1.26.0"))


def written(tmp_path, text):
    file = tmp_path / "matrix.toml"
    file.write_text(text)
    return file


def test_the_declared_matrix_holds_two_versions_of_each_framework_but_jittor() -> None:
    """In environments that record every system with it."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))
    for backend, package in (("torch", "torch"), ("tf", "tensorflow-cpu"), ("jax", "jax")):
        whole = [e for e in declared() if package in e.pins and backend not in dict(e.systems)]
        assert {e.pins[package] for e in whole} - {pinned[package]}, backend


def test_an_environment_has_all_four_on_python_3_12() -> None:
    assert any(e.backends == [*BACKENDS] and e.python == "3.12" for e in declared())


def test_the_oldest_environment_holds_the_least_that_pyproject_allows() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["tf"], *extras["jax"]]
    least = dict(match.groups() for match in map(LEAST.match, wanted) if match)
    (oldest,) = choose(declared(), "oldest")
    others = set(oldest.pins) - {"jaxlib"}  # which JAX pins
    for package in others:
        version = oldest.pins[package]
        assert version in (least[package], f"{least[package]}.0"), package


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("jax==0.7.1", "jax>=0.7.1", "'jax>=0.7.1' is not pinned like numpy==1.26.4"),
        ('"jax==0.7.1", ', "", "holds no framework"),
        ('"jax==0.7.1"', '"jax==0.7.1", "jax==0.7.2"', "one package twice"),
        ('python = "3.11"', 'python = "newest"', 'is not a version like "3.12"'),
        ('python = "3.11"', "", "needs python, a text"),
        ("[old]", "[pinned]", "[pinned] is not a name"),
        ("about =", 'colour = "red"\nabout =', "may hold about, python, packages"),
        ("[old]", '[old]\nnewest = ["flax"]', "calls flax newest, which it does not pin"),
        ("[old]", '[old]\nsystems = {tf = ["wgan"]}', "names systems for tf, which it does not"),
        ("[old]", '[old]\nsystems = {jax = ["wgam"]}', "unknown system 'wgam'; did you mean"),
        ("[old]", "[old", "matrix.toml"),
    ],
)
def test_a_declaration_that_cannot_be_carried_out_is_refused(tmp_path, old, new, words) -> None:
    assert [e.name for e in declared(written(tmp_path, GOOD))] == ["old"]  # the control
    with pytest.raises(UsageError, match=re.escape(words)):
        declared(written(tmp_path, GOOD.replace(old, new)))


def test_an_unknown_environment_suggests_the_nearest_one() -> None:
    assert choose([OLD], "") == [OLD] == choose([OLD], "old, old")
    with pytest.raises(UsageError, match="unknown environment 'odl'"):
        choose([OLD], "odl")


def test_a_python_is_found_only_if_it_runs_and_can_make_environments(monkeypatch, tmp_path) -> None:
    """pyenv's script for a version that is not chosen is on the PATH, and fails."""
    ours = ".".join(map(str, sys.version_info[:2]))
    assert find_python(ours) == sys.executable
    script = tmp_path / "python3.99"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_python("3.99") is None
    for text, is_found in [("echo 3.99", True), ("exit 127", False), ("echo 3.98", False)]:
        script.write_text(f"#!/bin/sh\n{text}\n")
        script.chmod(0o755)
        assert (find_python("3.99") == str(script)) is is_found


class Runner:
    """Notes the commands that would build an environment."""

    def __init__(self, fails: str = "nothing") -> None:
        self.commands: list[list[str]] = []
        self.fails = fails

    def run(self, what, call, **_) -> bool:
        self.commands.append(call)
        return self.fails not in call


def test_an_environment_is_built_once_and_again_when_its_declaration_changes(tmp_path) -> None:
    runner = Runner()
    (tmp_path / "old").mkdir()
    assert build(runner, OLD, "python3.11", tmp_path)
    make, pip = runner.commands
    assert make == ["python3.11", "-m", "venv", "--clear", str(tmp_path / "old")]
    assert pip[:3] == [executable(OLD, tmp_path), "-m", "pip"]
    assert pip[-2:] == ["jax==0.7.1", "numpy==1.26.0"]
    assert "-c" not in pip
    assert is_built(OLD, tmp_path)
    assert build(runner, OLD, "python3.11", tmp_path)
    assert len(runner.commands) == 2
    changed = replace(OLD, packages=("jax==0.7.2", "numpy==2.0.0"))
    assert not is_built(changed, tmp_path)
    assert build(runner, changed, "python3.11", tmp_path)
    assert len(runner.commands) == 4


@pytest.mark.parametrize(("fails", "commands"), [("venv", 1), ("pip", 2)])
def test_a_build_that_fails_leaves_nothing_that_counts_as_built(tmp_path, fails, commands) -> None:
    runner = Runner(fails)
    (tmp_path / "old").mkdir()
    assert not build(runner, OLD, "python3.11", tmp_path)
    assert len(runner.commands) == commands
    assert not is_built(OLD, tmp_path)


def test_jittor_is_prepared_in_its_environment(tmp_path) -> None:
    runner = Runner()
    environment = replace(OLD, packages=("jittor==1.3.11.0",))
    (tmp_path / "old").mkdir()
    build(runner, environment, "python3.11", tmp_path)
    assert runner.commands[-1] == [
        *(executable(environment, tmp_path), "-m", "common.setup.prepare_jittor")
    ]


def test_an_environment_is_described_by_what_it_really_holds() -> None:
    held = dict(describe(PINNED, sys.executable).packages)
    assert held["numpy"] == np.__version__
    assert held["python"].startswith(".".join(map(str, sys.version_info[:2])))
    with pytest.raises(UsageError, match="gone: /nowhere/python does not run"):
        describe("gone", "/nowhere/python")


def interpreters(*environments: Environment) -> dict[str, Interpreter]:
    made = {e.name: Interpreter(e.name, f"/{e.name}", tuple(e.pins.items())) for e in environments}
    return {PINNED: HERE, **made}


def test_every_system_is_recorded_in_both_types_wherever_its_framework_is() -> None:
    environments = declared()
    jobs = plan(interpreters(*environments), environments)
    fewer = {(e.name, name): names for e in environments for name, names in e.systems}
    for environment in environments:
        for backend in environment.backends:
            ours = [j for j in jobs if j.by.name == environment.name and j.backend == backend]
            assert {j.dtype for j in ours} == {"float32", "float64"}
            expected = fewer.get((environment.name, backend), tuple(SYSTEMS))
            assert all(set(j.systems) == set(expected) for j in ours)
    noisy = [(j.backend, j.by.name) for j in jobs if j.perturbed]
    assert noisy == [("torch", PINNED), ("jittor", PINNED)]
    assert len({j.name for j in jobs}) == len(jobs) == len({j.title for j in jobs})


def test_a_run_of_some_systems_leaves_out_what_does_not_record_them() -> None:
    few = replace(OLD, systems=(("jax", ("wgan",)),))
    assert any(j.by.name == "old" for j in plan(interpreters(few), [few], ["wgan"]))
    assert not any(j.by.name == "old" for j in plan(interpreters(few), [few], ["sngan"]))


def test_a_recorder_runs_the_python_of_its_environment(monkeypatch) -> None:
    calls = []
    monkeypatch.setattr(subprocess, "Popen", lambda command, **_: calls.append(command))
    for python in (sys.executable, "/old/bin/python"):
        kind = Kind("jax", "cpu", "float64", python=python)
        Recorder(kind, processes=1, timeout=60)._errors.close()
        asked = json.loads(calls[-1][-1])
        assert calls[-1][0] == python
        assert asked["effort"] == kind.effort  # whose flags depend on its own version of XLA
        assert "python" not in asked


@pytest.mark.parametrize(("labels", "count"), [(("one", "two"), 3), (("", ""), 2)])
def test_the_same_version_in_two_environments_is_two_runs(need, tmp_path, labels, count) -> None:
    """Without labels, as a control, the second is a copy, and is dropped."""
    need("torch")
    files = Files(tmp_path)
    recordings = [files.double("jax")]
    for number, label in enumerate(labels):
        recordings.append(files.double("torch", name=f"n{number}", label=label, still=True))
    comparison = compare(recordings)
    assert comparison.ok
    assert len(comparison.environments) == count
    assert any("the same numbers" in note for note in comparison.notes) == (count == 2)
    assert {result.file for result in comparison.results if result.backend == "torch"} == {*labels}


@pytest.mark.parametrize("wrong", [False, True])
def test_a_version_that_differs_is_the_one_that_fails(need, tmp_path, wrong) -> None:
    need("torch")

    def change(tensors):
        for key in tensors:
            tensors[key] = tensors[key] * (1 + 1e-3 * wrong)

    files = Files(tmp_path)
    good = [files.double("torch", label="one"), files.double("jax", label="one")]
    old = files.double("torch", change, name="old", label="old", version="1.0")
    comparison = compare([*good, files.double("tf", label="one"), old])
    assert comparison.ok != wrong
    assert {r.file for r in comparison.results if not r.ok} == ({"old"} if wrong else set())


def matrix_results(*, ok: bool = True) -> Comparison:
    results = [
        replace(result(name, dtype, error=error, ok=ok or place == PINNED), file=place)
        for place in (PINNED, "old")
        for name in ("torch", "jax")
        for dtype, error in (("float64", 2e-15), ("float32", 3e-7))
        if (name, place) != ("torch", "old")
    ]
    return Comparison(results=results, made=len(results), expected=len(results))


@pytest.mark.parametrize("width", [100, 160])
def test_the_lines_of_a_run_name_the_environment(width) -> None:
    file = StringIO()
    jobs = plan(interpreters(OLD), [OLD], ["lsgan_mlp"])
    console = Console(file=file, width=width, color_system=None)
    screen = Screen(Plan(jobs, ("lsgan_mlp",)), console)
    with screen.live:
        screen.starts([], [])
        screen.judged(Group("lsgan_mlp", False), matrix_results())
    text = file.getvalue().splitlines()
    assert all(len(line) <= width for line in text), file.getvalue()
    cells = [line.split("float64")[1].split() for line in text if "float64" in line]
    assert cells == [
        ["old", "·", "·", "2e-15", "ok", "·"],
        [PINNED, "2e-15", "ok", "·", "2e-15", "ok", "·"],
    ]


@pytest.mark.parametrize("ok", [True, False])
def test_the_page_shows_versions_and_what_failed(ok) -> None:
    held = interpreters(OLD)
    figures = condense(matrix_results(ok=ok), held, {"old": OLD.about})
    text = page(json.loads(json.dumps(figures)))
    assert "| `pinned` | 3.11.7 | 2.13.0 |" in text
    assert "- `old`: old ones." in text
    assert ("✗ 2e-15" in text) == (not ok)
    assert f"| `old` | – | – | {int(ok)} of 1 | – |" in text
    assert ("not all agree" in text) == (not ok)
    assert "| `lsgan_mlp` (least_squares) | ✓ 2e-15 |" in text


def test_the_page_in_the_book_is_that_of_the_saved_figures() -> None:
    """Every system is green in two versions of each framework but Jittor, which has one."""
    folder = ROOT / "docs" / "results"
    figures = json.loads((folder / "matrix.json").read_text())
    assert (folder / "matrix.md").read_text() == page(figures)
    assert figures["ok"]
    main = {"torch": "torch", "tf": "tensorflow-cpu", "jax": "jax", "jittor": "jittor"}
    for case in cases():
        for backend in BACKENDS:
            versions = {
                figures["environments"][c["environment"]][main[backend]]
                for c in figures["cases"]
                if (c["system"], c["loss"], c["backend"])
                == (case.label, case.system.loss.name, backend)
                and c["ok"]
            }
            assert len(versions) >= (1 if backend == "jittor" else 2), (case.name, backend)


@pytest.fixture
def told(monkeypatch, tmp_path):
    """What the command does, without building or recording anything."""

    def run(*words, has=("3.11", "3.12"), built=None, status=0):
        runs = []

        def run_matrix(environments, systems, out, *, docs):
            runs.append(SimpleNamespace(names=[e.name for e in environments], docs=docs))
            return status

        monkeypatch.setattr(command, "find_python", lambda v: f"python{v}" if v in has else None)
        monkeypatch.setattr(command, "build_all", lambda found: built or list(found))
        monkeypatch.setattr(command, "run_matrix", run_matrix)
        monkeypatch.setattr(sys, "argv", ["matrix", *words])
        return command.main(), runs[0]

    return run


def test_a_python_that_is_missing_is_named_and_the_others_go_on(told, capsys) -> None:
    status, run = told("--docs", "docs", has=("3.11",))
    assert status == 0
    assert run.names == ["oldest"]
    assert run.docs is None
    assert (
        "newest left out: no Python 3.12 here; put a python3.12 on the" in capsys.readouterr().out
    )
    status, run = told("--docs", "docs")  # the control
    assert (status, str(run.docs)) == (0, "docs")
    assert run.names == [e.name for e in declared()]


def test_what_cannot_be_built_or_disagrees_is_a_failure(told) -> None:
    assert told(built=declared()[:1])[0] == 1
    assert told(status=1)[0] == 1
    assert told()[0] == 0


def test_a_page_of_some_systems_is_not_the_book_s(told) -> None:
    assert told("wgan", "--docs", "docs")[1].docs is None
    with pytest.raises(UsageError, match="unknown system"):
        told("wgam")


def test_an_environment_that_cannot_be_built_is_reported(monkeypatch, capsys) -> None:
    broken = replace(OLD, name="broken")
    monkeypatch.setattr(running, "build", lambda runner, e, python: e.name == "old")
    assert running.build_all({OLD: "python3.11", broken: "python3.11"}) == [OLD]
    out = capsys.readouterr().out
    assert "error: broken could not be built" in out
    assert "error: old" not in out


def test_newer_releases_are_named() -> None:
    environment = replace(OLD, newest=("jax",))
    assert newer(environment, {"jax": "0.13.0"}) == "jax 0.7.1 -> 0.13.0"
    assert newer(environment, {"jax": "0.7.1", "numpy": "9"}) == ""


def test_git_ignores_what_the_matrix_builds() -> None:
    assert building.FOLDER.relative_to(ROOT).as_posix() == ".venv-matrix"
    assert ".venv-matrix/" in (ROOT / ".gitignore").read_text().splitlines()
