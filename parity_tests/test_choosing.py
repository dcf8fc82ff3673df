"""Tests of backends outside --backends are skipped; a missing one that it names is an error."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from common import ROOT
from parity_tests.test_libraries import HIDE

OTHERS = ("tensorflow", "keras", "jax", "flax", "optax", "jittor")
TOOLS = ("xdist", "hypothesis", "datasets", "huggingface_hub", "tensorboardX", "sphinx")


@pytest.fixture
def tests(tmp_path):
    """pytest in a process of its own, in which some modules cannot be imported."""
    (tmp_path / "sitecustomize.py").write_text(HIDE)

    def run(*arguments: str, hidden=()) -> subprocess.CompletedProcess[str]:
        variables = {
            "PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT))),
            "HIDDEN": " ".join(hidden),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        }
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
            cwd=ROOT,
            env={**kept, **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_collection_needs_no_optional_package(tests, need) -> None:
    need("torch")
    call = ("parity_tests", "--backends", "torch", "--collect-only")
    answer = tests(*call, hidden=(*OTHERS, *TOOLS))
    assert answer.returncode == 0, answer.stdout[-3000:] + answer.stderr
    assert "tests collected" in answer.stdout
    for package in ("hypothesis", "datasets"):
        assert f"{package} is not installed" in answer.stdout


def test_tests_of_other_backends_are_skipped_with_a_reason(tests, need) -> None:
    need("torch")
    call = ("parity_tests/test_differences_nan.py", "parity_tests/test_set_up.py")
    answer = tests(*call, "--backends", "torch", hidden=OTHERS)
    assert answer.returncode == 0, answer.stdout[-3000:]
    assert "needs tf, jax, jittor, left out by --backends" in answer.stdout
    assert "needs jittor, left out by --backends" in answer.stdout
    assert "failed" not in answer.stdout


@pytest.mark.parametrize(
    ("backends", "message"),
    [
        ("jax", "JAX/Flax NNX cannot be used"),
        ("torch,caffe", "--backends: unknown 'caffe'; choose some of: torch, tf, jax, jittor"),
        ("", "--backends: unknown ''; choose some of"),
    ],
)
def test_an_unusable_backend_is_a_one_line_error(tests, backends, message) -> None:
    call = ("parity_tests/test_markdown.py", f"--backends={backends}")
    answer = tests(*call, hidden=("jax",))
    assert answer.returncode == 4
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr + answer.stdout
    assert "passed" not in answer.stdout


def test_make_full_width_names_the_files_with_slow_tests() -> None:
    (call,) = re.findall(r"pytest .*-m slow.*", (ROOT / "Makefile").read_text())
    marked = [p for p in (ROOT / "parity_tests").glob("test_*.py") if _has_slow_tests(p)]
    assert set(call.split()[-len(marked) :]) == {f"parity_tests/{path.name}" for path in marked}


def _has_slow_tests(path: Path) -> bool:
    return "@pytest.mark.slow" in path.read_text().splitlines()
