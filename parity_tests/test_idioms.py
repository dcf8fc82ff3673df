"""The real definitions of a name in the four packages, and what differs between them."""

import ast
import inspect
import shutil

import pytest

from common import ROOT, UsageError
from common.backends import BACKENDS
from common.idioms import definitions
from common.idioms.definitions import all_names, find_definition
from parity_tests.test_command_line import rosetta

NAMES = all_names()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_has_its_definition(name, backend) -> None:
    definition = find_definition(name, backend)
    nodes = {node.name for node in ast.parse(definition.source).body if hasattr(node, "name")}
    assert name.rpartition(".")[2] in nodes
    text = (ROOT / definition.path).read_text().splitlines()
    assert text[definition.line - 1] in definition.source
    assert not any(n for n in nodes if not n.startswith("_") and not name.endswith(f".{n}"))


def test_names_are_those_of_the_modules() -> None:
    assert {"losses.gradient_penalty", "models.wgan_gp.Generator", "gan.GAN"} <= set(NAMES)
    assert len(NAMES) == len(set(NAMES))
    assert not any(part.startswith("_") for name in NAMES for part in name.split("."))


def test_definitions_equal_those_of_inspect() -> None:
    losses = pytest.importorskip("torch_impl.losses")
    for name in ("gradient_penalty", "vanilla_discriminator_loss"):
        source = inspect.getsource(getattr(losses, name))
        assert find_definition(f"losses.{name}", "torch").source == source


def test_definitions_include_private_helpers_and_decorators() -> None:
    assert "class _KerasAdam" in find_definition("optimisers.keras_adam", "torch").source
    assert "def _norms" in find_definition("losses.gradient_penalty", "jax").source
    assert find_definition("gan.GAN", "torch").source.startswith("@dataclass")
    assert "class _Up" in find_definition("models.lsgan_jittor.Generator", "torch").source
    assert "class _Down" not in find_definition("models.lsgan_jittor.Generator", "torch").source


@pytest.mark.parametrize(
    "name", ["losses.penalty", "losses", "", "nothing.at_all", "losses._norms"]
)
def test_an_unknown_name_is_refused(name) -> None:
    with pytest.raises(UsageError, match="has no public"):
        find_definition(name, "jax")


def test_a_name_missing_in_one_package_is_reported_there(tmp_path, monkeypatch) -> None:
    for backend in BACKENDS:
        shutil.copytree(ROOT / f"{backend}_impl", tmp_path / f"{backend}_impl")
    monkeypatch.setattr(definitions, "ROOT", tmp_path)
    path = tmp_path / "jax_impl" / "losses.py"
    path.write_text(path.read_text().replace("def gradient_penalty(", "def penalty_of_gradient("))
    assert find_definition("losses.gradient_penalty", "torch")
    with pytest.raises(UsageError, match=r"jax_impl has no public 'losses.gradient_penalty'"):
        find_definition("losses.gradient_penalty", "jax")


def test_the_command_shows_two_side_by_side(monkeypatch) -> None:
    answer = rosetta("idioms", "losses.gradient_penalty", "--backends", "torch,jax")
    assert answer.returncode == 0, answer.stderr
    assert "PyTorch  torch_impl/losses.py" in answer.stdout
    first = next(line for line in answer.stdout.splitlines() if "def gradient_penalty(" in line)
    assert first.count("def gradient_penalty(") == 2  # 200 columns are wide enough
    listed = rosetta("idioms").stdout
    assert "gradient_penalty" in listed
    wrong = rosetta("idioms", "losses.gradient_penaltie")
    assert wrong.returncode == 2
    assert "did you mean losses.gradient_penalty" in wrong.stderr
