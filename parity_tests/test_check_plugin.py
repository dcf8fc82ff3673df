"""`rosetta check` and its pytest fixture, on two ports that need NumPy alone."""

import json
import os
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from outcomes import schema, violations

from common import ROOT

PORT = """
def weights(rng):
    return {"w": rng.standard_normal((3, 2))}

def inputs(rng):
    return {"x": rng.standard_normal((4, 3))}

def build(weights):
    return dict(weights)

def step(model, inputs):
    y = yield "y", inputs["x"] @ model["w"]
    yield "loss", (y ** 2).mean()
    gradient = yield "grad_w", FACTOR * inputs["x"].T @ y
    model["w"] = model["w"] - 0.125 * gradient
    yield "w", model["w"]
"""
CONFIGURATION = """
[tool.pytest.ini_options]
addopts = "--strict-markers --strict-config -p rosetta_pytest -p no:cacheprovider"
filterwarnings = ["error"]
"""
TESTS = """
def test_agreement(rosetta_check):
    outcome = rosetta_check("numpy:ports/a.py", "b=numpy:ports/a.py", steps=2)
    assert (outcome.status, outcome.steps, len(outcome.ports)) == (0, 2, 2)

def test_disagreement(rosetta_check):
    rosetta_check("numpy:ports/a.py", "b=numpy:ports/b.py", dtype="float64")

def test_usage(rosetta_check):
    rosetta_check("numpy:ports/a.py", "b=numpy:ports/c.py")

def test_dtype(rosetta_check):
    rosetta_check("numpy:ports/a.py", "b=numpy:ports/b.py", dtype="float46")
"""
OWN = """
import common

def test_own_package():
    assert common.OWN

def test_asking_all_the_same(rosetta_check):
    rosetta_check("numpy:a.py", "numpy:b.py")
"""


@pytest.fixture
def ports(tmp_path):
    """Two port files, the second with twice the gradient."""
    folder = tmp_path / "ports"
    folder.mkdir()
    (folder / "a.py").write_text(f"FACTOR = 1\n{PORT}")
    (folder / "b.py").write_text(f"FACTOR = 2\n{PORT}")
    return folder


def python(*words, folder) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    environment.pop("PYTEST_ADDOPTS", None)
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def check(*words, folder) -> subprocess.CompletedProcess[str]:
    return python("-m", "common", "check", *words, "--steps", "2", folder=folder)


# The command


def test_agreement(ports) -> None:
    done = check("numpy:a.py", "b=numpy:a.py", "--junit", "junit.xml", folder=ports)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].startswith("a and b agree: ")
    suite = ElementTree.parse(ports / "junit.xml").getroot()[0]
    assert (suite.get("failures"), suite.get("errors")) == ("0", "0")


def test_disagreement_with_every_report(ports) -> None:
    words = ("--json", "--junit", "junit.xml", "--out", "report")
    done = check("numpy:a.py", "b=numpy:b.py", *words, folder=ports)
    assert done.returncode == 1, done.stderr
    value = json.loads(done.stdout)
    assert violations(value, schema(), schema()) == []
    first = value["findings"][0]
    assert (first["port"], first["step"], first["phase"]) == ("b", 1, "backward")
    assert json.loads((ports / "report" / "report.json").read_text()) == value
    assert "rosetta check" in (ports / "report" / "report.html").read_text()
    suite = ElementTree.parse(ports / "junit.xml").getroot()[0]
    assert next(suite.iter("failure")).get("message") == value["headline"] == first["sentence"]


def test_invalid_input_with_json_leaves_standard_output_empty(ports) -> None:
    done = check("numpy:a.py", "b=numpy:c.py", "--json", folder=ports)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: c.py: no such file\n"


def test_a_port_that_has_to_be_mended_is_one_line_of_error_beside_the_json(ports) -> None:
    (ports / "c.py").write_text("def build(weights):\n    return 1\n")
    done = check("numpy:a.py", "b=numpy:c.py", "--json", folder=ports)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    value = json.loads(done.stdout)
    assert violations(value, schema(), schema()) == []
    assert done.stderr.startswith(f"error: {value['problems'][0]['message']}")
    assert check("numpy:a.py", "b=numpy:c.py", folder=ports).stdout == ""


# The fixture


def test_the_fixture_fails_with_the_headline_first(ports) -> None:
    (ports.parent / "pyproject.toml").write_text(CONFIGURATION)
    (ports.parent / "test_ports.py").write_text(TESTS)
    done = python("-m", "pytest", "-q", "-p", "no:xdist", folder=ports.parent)
    assert "3 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    start = next(place for place, line in enumerate(lines) if "_ test_disagreement _" in line)
    assert lines[start + 1].startswith("b: step 1, backward, ")
    assert any("\N{BALLOT X}" in line for line in lines[start:])
    assert "c.py: no such file" in done.stdout
    assert "rosetta_check: unknown dtype 'float46'; did you mean float64" in done.stdout
    assert "Traceback" not in done.stdout


def test_the_fixture_runs_in_workers(ports) -> None:
    (ports.parent / "pyproject.toml").write_text(CONFIGURATION)
    (ports.parent / "test_ports.py").write_text(TESTS)
    chosen = ("-k", "agreement or usage", "-n", "2")
    done = python("-m", "pytest", "-q", *chosen, folder=ports.parent)
    assert "2 failed, 1 passed" in done.stdout, done.stdout + done.stderr


def test_a_project_with_its_own_package_common_is_left_alone(tmp_path) -> None:
    """Pytest loads the plugin there, too, and it must neither fail nor hide that package."""
    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "__init__.py").write_text("OWN = True\n")
    (tmp_path / "test_own.py").write_text(OWN)
    (tmp_path / "pyproject.toml").write_text(CONFIGURATION)
    done = python("-m", "pytest", "-q", "-p", "no:xdist", folder=tmp_path)
    assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert "run the command `rosetta check` instead" in done.stdout


def test_the_plugin_imports_nothing_of_ours_at_start() -> None:
    said = "import sys, rosetta_pytest; print(sorted({m.split('.')[0] for m in sys.modules}))"
    done = python("-c", said, folder=ROOT)
    assert "'rosetta_pytest'" in done.stdout
    assert "'pytest'" in done.stdout
    for heavy in ("common", "numpy", "torch", "rich"):
        assert f"'{heavy}'" not in done.stdout
