"""`rosetta eject`: scripts of one framework alone that compute what the ports do."""

import ast
import os
import subprocess
import sys

import pytest

from common import ROOT
from common.backends import BACKENDS
from common.eject.script import script
from common.eject.settled import settled
from common.eject.text import call, compact, without_annotations, without_options
from common.systems import SYSTEMS
from parity_tests.eject_all import imports_of, untidy

SAMPLE = {
    "torch": "lsgan_keras",
    "tf": "wgan_gp_toy",
    "jax": "lsgan_mlp",
    "jittor": "gan_moments",
}
LIBRARIES = {
    "torch": {"torch"},
    "tf": {"tensorflow", "keras"},
    "jax": {"jax", "flax", "optax"},
    "jittor": {"jittor"},
}


@pytest.fixture
def eject(tmp_path):
    """The command in an empty folder."""

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "common", "eject", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize("name", SAMPLE)
def test_a_script_computes_what_the_port_does_to_the_last_bit(name, backends) -> None:
    if name not in backends:
        pytest.skip(f"{name} is left out by --backends")
    done = subprocess.run(
        [sys.executable, "-m", "parity_tests.eject_all", name, SAMPLE[name]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "equal to the last bit" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_script_is_of_one_framework_and_none_of_this_project(backend) -> None:
    others = set().union(*LIBRARIES.values()) - LIBRARIES[backend]
    for system in SYSTEMS.values():
        text = script(backend, system)
        used = imports_of(text)
        assert used & LIBRARIES[backend]
        assert not used & {*others, "common", *(f"{each}_impl" for each in BACKENDS)}
        defined = {node.name for node in ast.parse(text).body if hasattr(node, "name")}
        assert {"Generator", "Discriminator", "build", "train_step", "main"} <= defined
        assert f"BATCH_SIZE = {system.batch_size}\n" in text


def test_every_script_is_tidy(tmp_path) -> None:
    for backend in BACKENDS:
        for system in SYSTEMS.values():
            (tmp_path / f"{system.name}_{backend}.py").write_text(script(backend, system))
    assert not untidy(tmp_path)
    (tmp_path / "control.py").write_text("import sys\nimport os\n")
    assert "control.py" in untidy(tmp_path)


def test_a_script_holds_what_its_system_uses_and_no_more() -> None:
    text = script("torch", SYSTEMS["wgan_gp"])
    assert "gradient_penalty" in text
    assert "PENALTY_WEIGHT = 10.0\n" in text
    for absent in ("hinge", "least_squares", "RMSprop", "masks", "clip_weights", "BatchNorm"):
        assert absent not in text
    assert "clip_weights" in script("torch", SYSTEMS["wgan"])
    assert "# as in the source: the critic" in script("torch", SYSTEMS["wgan"])


def test_the_command_writes_a_script_that_runs(eject, tmp_path) -> None:
    done = eject("torch", "lsgan_mlp", "--out", "gan.py")
    assert done.returncode == 0, done.stderr
    assert "lsgan_mlp in PyTorch" in done.stdout
    again = eject("torch", "lsgan_mlp", "--out", "gan.py")
    assert again.returncode == 2
    assert "exists; add --force" in again.stderr
    assert eject("torch", "lsgan_mlp", "--out", "gan.py", "--force").returncode == 0
    help_page = subprocess.run(
        [sys.executable, "-I", "gan.py", "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "--steps" in help_page.stdout or "No module named 'torch'" in help_page.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("torhc", "lsgan_mlp", "--out", "x.py"), "unknown backend 'torhc'; did you mean torch"),
        (("torch", "lsgan_mpl", "--out", "x.py"), "unknown system 'lsgan_mpl'; did you mean"),
        (("torch", "lsgan_mlp", "--out", "x"), "a script's name ends in .py; name it x.py"),
        (("torch", "lsgan_mlp", "--out", "folder.py"), "is a folder; name a file"),
    ],
)
def test_bad_input_is_one_line(eject, tmp_path, arguments, said) -> None:
    (tmp_path / "folder.py").mkdir()
    done = eject(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_that_cannot_be_written_to_is_named(eject, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    done = eject("torch", "lsgan_mlp", "--out", "file/x.py")
    assert done.returncode == 2
    assert "file: cannot be created as a folder" in done.stderr


def test_edits_leave_what_ruff_would_write() -> None:
    assert call("f(", ["a", "b"]) == "f(a, b)"
    long = ["a" * 40, "b" * 40]
    assert call("    function(", long) == f"    function({long[0]}, {long[1]})"
    long.append("c" * 9)
    assert call("function(", long).splitlines()[1] == f"    {', '.join(long)}"
    assert compact("f(\n    a,\n    b,\n)") == "f(a, b)"
    assert compact("f(\n    a,  # why\n    b,\n)") == "f(\n    a,  # why\n    b,\n)"
    assert without_annotations("def f(a: int, *, b: int = 1) -> int:\n    ...").startswith(
        "def f(a, *, b=1):"
    )
    step = "def f(\n    a: int,\n    penalty: int | None = None,\n):\n    g(a, *masks)"
    assert without_options(step, ["penalty", "masks"]) == "def f(\n    a: int,\n):\n    g(a)"


def test_only_the_taken_branch_is_kept() -> None:
    text = "def f(a):\n    if a.on:\n        return 1\n    return 2"
    assert settled(text, {"on": True}) == "def f(a):\n    return 1"
    assert settled(text, {"on": False}) == "def f(a):\n    return 2"
    assert settled(text, {"other": True}) == text
    negated = "def f(on):\n    g()\n    if not on:\n        g(1)\n    return 2"
    assert settled(negated, {"on": True}) == "def f(on):\n    g()\n    return 2"
    assert settled(negated, {"on": False}) == "def f(on):\n    g()\n    g(1)\n    return 2"
    assert "_unit" in (ROOT / "jax_impl" / "spectral.py").read_text()
    assert "_unit" not in script("jax", SYSTEMS["sngan"])
