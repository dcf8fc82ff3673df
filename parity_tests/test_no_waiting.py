"""Nothing inside a step reads a number from the device: that would wait for all before it."""

import ast
from pathlib import Path

import pytest

from common import ROOT
from parity_tests.test_mirror import PACKAGES

# What a step runs; reading losses is left to the loop, which does so when it prints.
STEP = (
    "layers",
    "losses",
    "optimisers",
    "sampling",
    "schedule",
    "spectral",
    "steps",
)
METHODS = {"item", "tolist", "numpy", "cpu", "fetch_sync", "block_until_ready", "device_get"}
FUNCTIONS = {"bool", "float", "int", "print"}
ARRAYS = {"array", "asarray"}
# These read numbers that are on the host already.
HARMLESS = {
    "int(state['step'])",  # PyTorch counts an optimiser's steps there
    "np.asarray(value, dtype=str(like.dtype))",  # a constant on its way to Jittor
}


def waits(source: str) -> list[str]:
    """The calls in it that bring a value to the host."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [ast.unparse(node) for node in calls if _waits(node.func)]


def _waits(called: ast.expr) -> bool:
    match called:
        case ast.Attribute(value=ast.Name(id="np" | "numpy"), attr=name):
            return name in ARRAYS
        case ast.Attribute(attr=name):
            return name in METHODS
        case ast.Name(id=name):
            return name in FUNCTIONS
    return False


def sources(package: str) -> list[Path]:
    folder = ROOT / package
    return [folder / f"{name}.py" for name in STEP] + sorted((folder / "models").glob("*.py"))


@pytest.mark.parametrize("package", PACKAGES)
def test_no_step_waits_for_the_device(package) -> None:
    for path in sources(package):
        assert set(waits(path.read_text(encoding="utf-8"))) <= HARMLESS, path


@pytest.mark.parametrize(
    "line",
    [
        "log(loss.item())",
        "if float(loss) > 3: stop()",
        "history.append(loss.numpy())",
        "np.asarray(loss)",
        "jax.device_get(loss)",
        "loss.block_until_ready()",
        "print(loss)",
    ],
)
def test_a_step_that_waits_is_detected(line) -> None:
    assert waits(f"def step(loss):\n    {line}\n")
